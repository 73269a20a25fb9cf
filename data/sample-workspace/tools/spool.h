/* The spool format: records of a length, a CRC-32 and that many bytes, in the order they were accepted. */
#ifndef COURIER_SPOOL_H
#define COURIER_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SPOOL_MAX_RECORD (1u << 20)

enum spool_result {
    SPOOL_OK,
    SPOOL_END,
    SPOOL_TRUNCATED,
    SPOOL_CORRUPT
};

struct spool_record {
    uint32_t length;
    uint32_t checksum;
    unsigned char *data;
};

/* CRC-32 (IEEE 802.3) of a buffer. */
uint32_t crc32_of(const unsigned char *data, size_t length);

/* Reads the next record into a buffer of SPOOL_MAX_RECORD bytes that the caller owns. */
enum spool_result read_record(FILE *spool, struct spool_record *record);

#endif
