/* spoolcheck: verifies spool files, so that a broken one is found before it is replayed. */
#include "spool.h"

#include <stdlib.h>
#include <string.h>

uint32_t crc32_of(const unsigned char *data, size_t length)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & -(crc & 1u));
    }
    return ~crc;
}

static int read_u32(FILE *spool, uint32_t *value)
{
    unsigned char bytes[4];
    size_t got = fread(bytes, 1, sizeof bytes, spool);
    if (got != sizeof bytes)
        return got == 0 ? 0 : -1;
    *value = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return 1;
}

enum spool_result read_record(FILE *spool, struct spool_record *record)
{
    int got = read_u32(spool, &record->length);
    if (got == 0)
        return SPOOL_END;
    if (got < 0 || read_u32(spool, &record->checksum) != 1)
        return SPOOL_TRUNCATED;
    if (record->length > SPOOL_MAX_RECORD)
        return SPOOL_CORRUPT;
    if (fread(record->data, 1, record->length, spool) != record->length)
        return SPOOL_TRUNCATED;
    return crc32_of(record->data, record->length) == record->checksum ? SPOOL_OK : SPOOL_CORRUPT;
}

static int check_file(const char *path, unsigned char *buffer)
{
    FILE *spool = fopen(path, "rb");
    if (!spool) {
        perror(path);
        return 1;
    }
    struct spool_record record = {.data = buffer};
    unsigned long count = 0;
    enum spool_result result;
    while ((result = read_record(spool, &record)) == SPOOL_OK)
        count++;
    fclose(spool);
    printf("%s: %lu records%s\n", path, count,
           result == SPOOL_END ? "" : result == SPOOL_TRUNCATED ? ", truncated" : ", corrupt");
    return result != SPOOL_END;
}

int main(int argc, char **argv)
{
    unsigned char *buffer = malloc(SPOOL_MAX_RECORD);
    int failures = 0;
    if (!buffer || argc < 2) {
        fprintf(stderr, "usage: spoolcheck FILE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        failures += check_file(argv[i], buffer);
    free(buffer);
    return failures ? 1 : 0;
}
