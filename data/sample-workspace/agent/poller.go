package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Poller asks the service for work by long polling.
type Poller struct {
	server string
	token  string
	hosts  []string
	client *http.Client
}

// NewPoller makes a source that speaks to one Courier server.
func NewPoller(server, token string, hosts []string) *Poller {
	return &Poller{server: server, token: token, hosts: hosts, client: &http.Client{Timeout: 70 * time.Second}}
}

// Next blocks until there is a job; the server holds the request for up to a minute.
func (p *Poller) Next(ctx context.Context) (*Job, error) {
	query := url.Values{"host": p.hosts, "wait": {"60s"}}
	for ctx.Err() == nil {
		var job Job
		status, err := p.call(ctx, http.MethodPost, "/v1/lease?"+query.Encode(), nil, &job)
		switch {
		case err != nil:
			slog.Warn("service unreachable", "error", err)
			time.Sleep(5 * time.Second)
		case status == http.StatusOK:
			return &job, nil
		}
	}
	return nil, ctx.Err()
}

// Report tells the service how a delivery ended.
func (p *Poller) Report(ctx context.Context, id string, outcome error) error {
	result := map[string]string{"state": "delivered"}
	if outcome != nil {
		result = map[string]string{"state": "failed", "reason": outcome.Error()}
	}
	_, err := p.call(ctx, http.MethodPut, "/v1/lease/"+url.PathEscape(id), result, nil)
	return err
}

// Heartbeat keeps telling the service that this agent is alive, so that a silent one raises an alarm.
func Heartbeat(ctx context.Context, p *Poller, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := p.call(ctx, http.MethodPost, "/v1/agents/alive", p.hosts, nil); err != nil {
				slog.Warn("heartbeat failed", "error", err)
			}
		}
	}
}

func (p *Poller) call(ctx context.Context, method, path string, body, result any) (int, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, method, p.server+path, bytes.NewReader(encoded))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	response, err := p.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return response.StatusCode, fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if result != nil && response.StatusCode == http.StatusOK {
		return response.StatusCode, json.NewDecoder(response.Body).Decode(result)
	}
	return response.StatusCode, nil
}

func splitHosts(text string) []string {
	var hosts []string
	for _, host := range strings.Split(text, ",") {
		if host = strings.TrimSpace(host); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
