// Command agent delivers messages from inside a network that the service cannot reach.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	server := flag.String("server", "http://localhost:8420", "address of the Courier API")
	hosts := flag.String("hosts", "", "receivers to serve, separated by commas")
	parallel := flag.Int("parallel", 4, "deliveries at a time")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	source := NewPoller(*server, os.Getenv("COURIER_TOKEN"), splitHosts(*hosts))
	pool := NewPool(*parallel, 15*time.Second)
	go Heartbeat(ctx, source, 30*time.Second)

	if err := pool.Run(ctx, source); err != nil && ctx.Err() == nil {
		slog.Error("agent stopped", "error", err)
		os.Exit(1)
	}
}
