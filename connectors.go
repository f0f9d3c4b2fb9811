package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/connector/phone"
	"github.com/proffer/proffer/media/connector/recorder"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
)

// connectors are the recordings and the telephone of this server. The hub says who may, and shows each.
type connectors struct {
	seats      seats
	recordings *recordings
	phone      *phone.Server // nil: switched off

	mu      sync.Mutex                           // over both below
	running map[*recorder.Recorder]chan struct{} // closed once its end is noted
	closed  bool
}

// connectors starts what joins standard meetings by itself, and tells the hub.
func (a *application) openConnectors() (*connectors, error) {
	c := &connectors{seats: seats{a}, recordings: newRecordings(a.services), running: map[*recorder.Recorder]chan struct{}{}}
	a.hub.Record = c.record
	if a.cfg.SIP.Addr == "" {
		return c, nil
	}
	config, err := a.cfg.SIP.config()
	if err != nil {
		return nil, err
	}
	config.Meetings, config.Log = c.seats, a.log
	config.Find = func(_ context.Context, pin string) (string, bool) { return a.hub.ByPIN(pin) }
	if c.phone, err = phone.Start(config); err != nil {
		return nil, fmt.Errorf("starting the telephone: %w; stop what uses it, or set PROFFER_SIP_ADDR", err)
	}
	a.hub.Number = a.cfg.SIP.Number
	return c, nil
}

// record begins to record a meeting.
func (c *connectors) record(ctx context.Context, id string, by meeting.Orderer) error {
	chair, err := c.seats.sit(ctx, id, connector.Recorder, "Recording")
	if err != nil {
		return err
	}
	to, err := c.recordings.begin(ctx, id, by) // everyone sees the recorder by now, and it has heard nothing yet
	if err != nil {
		chair.Leave()
		return err
	}
	r, err := recorder.Start(ctx, chair, to, c.recordings.log)
	if err != nil {
		chair.Leave()
		to.end(meeting.Orderer{}, triage.RecordingFailed)
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	noted := make(chan struct{})
	c.running[r] = noted
	if c.closed {
		r.Stop()
	}
	go func() {
		defer close(noted)
		<-r.Done()
		how := triage.RecordingStopped
		if r.Err() != nil {
			how = triage.RecordingFailed
		}
		to.end(chair.By(), how)
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, r)
	}()
	return nil
}

// Close ends calls and recordings, and waits until their files are whole.
func (c *connectors) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	var all []<-chan struct{}
	for r, noted := range c.running {
		r.Stop()
		all = append(all, noted)
	}
	c.mu.Unlock()
	var errs []error
	if c.phone != nil {
		errs = append(errs, c.phone.Close(ctx))
	}
	for _, noted := range all {
		select {
		case <-noted:
		case <-ctx.Done():
			errs = append(errs, errors.New("a recording did not end in time; its files are whole up to the last seconds"))
		}
	}
	return errors.Join(errs...)
}

// seats makes the hub's chairs the connectors' seats: neither package knows the other.
type seats struct{ a *application }

func (s seats) sit(ctx context.Context, id string, kind connector.Kind, name string) (chair, error) {
	c, err := s.a.hub.Sit(ctx, id, uint64(kind), name)
	if err != nil {
		return chair{}, err
	}
	return chair{c, s.a.media.server.Signalling()}, nil
}

// Sit is for callers: what is no refusal in words is told by others.
func (s seats) Sit(ctx context.Context, id string, kind connector.Kind, name string) (connector.Seat, error) {
	seat, err := s.sit(ctx, id, kind, name)
	var why *meeting.Refusal
	if err != nil && !errors.As(err, &why) {
		s.a.log.ErrorContext(ctx, "a connector could not be seated", "meeting", id, "err", err)
		return nil, &meeting.Refusal{Kind: meeting.Crowded, Why: "The meeting cannot be reached right now. Call again later."}
	}
	if err != nil {
		return nil, err
	}
	return seat, nil
}

// chair is one, by the address at which this process reaches the media server.
type chair struct {
	*meeting.Chair
	signalling string
}

func (c chair) Join() [32]byte { return c.J() }

func (c chair) Next() (connector.Change, bool) {
	x, more := c.Chair.Next()
	if !more {
		return connector.Change{}, false
	}
	members := make([]connector.Member, len(x.Members))
	for i, m := range x.Members {
		members[i] = connector.Member{Index: uint16(m.Index), Join: m.J, Device: m.Device, Name: m.Name}
	}
	return connector.Change{Epoch: uint32(x.Epoch), Key: x.Key, Members: members}, true
}

func (c chair) Ticket(context.Context) (url, token string, err error) {
	_, token, err = c.Chair.Ticket()
	return c.signalling, token, err
}

// config reads how the telephone is reached, which Validate has looked at before.
func (c SIPConfig) config() (phone.Config, error) {
	out := phone.Config{Addr: c.Addr, Number: c.Number, Calls: c.Calls}
	for _, t := range c.Trunks {
		p, err := netip.ParsePrefix(t)
		if err != nil {
			return out, fmt.Errorf("PROFFER_SIP_TRUNKS has to be address ranges such as 192.0.2.0/24, comma-separated; one is %q", t)
		}
		out.Trunks = append(out.Trunks, p)
	}
	if c.IP != "" {
		var err error
		if out.IP, err = netip.ParseAddr(c.IP); err != nil {
			return out, fmt.Errorf("PROFFER_SIP_IP has to be the IP address that callers send sound to; it is %q", c.IP)
		}
	}
	if c.RTP == "" {
		return out, nil
	}
	from, to := &out.Ports[0], &out.Ports[1]
	if n, err := fmt.Sscanf(c.RTP, "%d-%d", from, to); n != 2 || err != nil || *from == 0 || *to < *from || c.RTP != fmt.Sprintf("%d-%d", *from, *to) {
		return out, fmt.Errorf("PROFFER_SIP_RTP has to be ports such as 20000-20199; it is %q", c.RTP)
	}
	return out, nil
}
