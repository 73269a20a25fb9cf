package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Job is one message handed out by the service, with the lease under which it was given.
type Job struct {
	ID    string            `json:"id"`
	URL   string            `json:"url"`
	Body  []byte            `json:"body"`
	Heads map[string]string `json:"headers"`
	Lease time.Time         `json:"leased_until"`
}

// Source is where jobs come from and where their outcome goes.
type Source interface {
	Next(ctx context.Context) (*Job, error)
	Report(ctx context.Context, id string, outcome error) error
}

// Pool delivers a bounded number of jobs at a time.
type Pool struct {
	client *http.Client
	slots  chan struct{}
}

// NewPool makes a pool of the given width; timeout bounds each delivery.
func NewPool(parallel int, timeout time.Duration) *Pool {
	return &Pool{client: &http.Client{Timeout: timeout}, slots: make(chan struct{}, parallel)}
}

// Run takes jobs until the context ends, then waits for those under way.
func (p *Pool) Run(ctx context.Context, source Source) error {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case p.slots <- struct{}{}:
		}
		job, err := source.Next(ctx)
		if err != nil {
			<-p.slots
			return fmt.Errorf("next job: %w", err)
		}
		running.Add(1)
		go func() {
			defer running.Done()
			defer func() { <-p.slots }()
			outcome := p.deliver(ctx, job)
			if err := source.Report(context.WithoutCancel(ctx), job.ID, outcome); err != nil {
				slog.Warn("outcome not reported, the lease will run out", "job", job.ID, "error", err)
			}
		}()
	}
}

func (p *Pool) deliver(ctx context.Context, job *Job) error {
	ctx, cancel := context.WithDeadline(ctx, job.Lease)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, job.URL, bytes.NewReader(job.Body))
	if err != nil {
		return fmt.Errorf("bad address %q: %w", job.URL, err)
	}
	for name, value := range job.Heads {
		request.Header.Set(name, value)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("receiver answered %s", response.Status)
	}
	return nil
}
