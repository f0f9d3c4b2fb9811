package sfu

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Config says how the embedded media server is reached.
type Config struct {
	IP       string   // address that browsers are told to send media to; "": loopback alone, and nothing listens elsewhere
	UDP      int      // port of media over UDP; 0 for any free one
	TCP      int      // port of media over TCP, for networks without UDP, at every address; 0 for any free one, or none where IP is ""
	Networks []string // address ranges (CIDR) of this machine that UDP may use; nil for all, of which IPv6 is announced beside IP
	Log      *slog.Logger
}

// Server is the media server and its room API. Its methods may be called from many goroutines.
type Server struct {
	url         *url.URL // of LiveKit's HTTP server, on loopback where it is in this process
	key, secret string
	rooms       *lksdk.RoomServiceClient
	log         *slog.Logger
	livekit     *service.LivekitServer // nil where it is not in this process
	ended       chan error             // Start's result, once
}

// Signalling is where this process reaches the server's signalling.
func (s *Server) Signalling() string { return "ws" + strings.TrimPrefix(s.url.String(), "http") }

// codecs is what may be sent: what PROTOCOL.md section 6 has a rule for.
var codecs = []string{"audio/opus", "audio/PCMU", "video/VP8", "video/VP9", "video/rtx"}

// one guards what LiveKit keeps once for a process: its logger and its metrics.
var one sync.Once

// Start starts the server and returns once it answers. Only one can run in a process at a time.
func Start(ctx context.Context, c Config) (*Server, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	udp, tcp := orPort(c.UDP, ports[1]), orPort(c.TCP, ports[2])
	s := &Server{url: &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", ports[0])}, key: "proffer", secret: rand.Text() + rand.Text(),
		log: c.Log, ended: make(chan error, 1)}
	conf, err := s.configure(c, ports[0], udp, tcp)
	if err != nil {
		return nil, fmt.Errorf("configuring the media server: %w", err)
	}
	node, err := routing.NewLocalNode(conf)
	if err != nil {
		return nil, fmt.Errorf("describing the media server's node: %w", err)
	}
	one.Do(func() {
		quiet := slog.New(atLeast{slog.LevelWarn, c.Log.Handler()}) // it is talkative
		logger.SetLogger(logger.LogRLogger(logr.FromSlogHandler(quiet.Handler())), "livekit")
		err = prometheus.Init(string(node.NodeID()), node.NodeType()) // without it, LiveKit has a nil dereference
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the media server's metrics: %w", err)
	}
	if s.livekit, err = service.InitializeServer(conf, node); err != nil {
		return nil, fmt.Errorf("making the media server: %w; are UDP port %d and TCP port %d free?", err, udp, tcp)
	}
	s.rooms = lksdk.NewRoomServiceClient(s.url.String(), s.key, s.secret)
	go func() { s.ended <- s.livekit.Start() }()
	return s, s.await(ctx)
}

// configure writes LiveKit's configuration, as JSON, which is YAML.
func (s *Server) configure(c Config, http, udp, tcp int) (*config.Config, error) {
	enabled := make([]map[string]string, len(codecs))
	for i, c := range codecs {
		enabled[i] = map[string]string{"mime": c}
	}
	// ICE lite: the server answers where it is called from, and calls no address that a participant names.
	rtc := map[string]any{"udp_port": udp, "tcp_port": tcp, "use_external_ip": false, "use_ice_lite": true,
		"enable_loopback_candidate": c.IP == "", "node_ip": c.IP, "ips": map[string]any{"includes": c.Networks}}
	if c.IP == "" {
		rtc["node_ip"] = "127.0.0.1"
		rtc["tcp_port"] = c.TCP // LiveKit listens for TCP at every address, and loopback has UDP
		if len(c.Networks) == 0 {
			rtc["ips"] = map[string]any{"includes": []string{"127.0.0.0/8", "::1/128"}}
		}
	}
	text, err := json.Marshal(map[string]any{
		"port": http, "bind_addresses": []string{"127.0.0.1"}, "keys": map[string]string{s.key: s.secret}, "rtc": rtc,
		"room": map[string]any{"auto_create": true, "empty_timeout": 60, "departure_timeout": 20, "enabled_codecs": enabled},
	})
	if err != nil {
		return nil, err
	}
	return config.NewConfig(string(text), true, nil, nil)
}

// await waits until the server answers, or says why it does not.
func (s *Server) await(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !s.livekit.IsRunning() {
		select {
		case err := <-s.ended:
			return fmt.Errorf("starting the media server: %w", err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.Stop(context.WithoutCancel(ctx)))
		case <-tick.C:
		}
	}
	return nil
}

// Stop ends every meeting's media and the server, if it is in this process.
func (s *Server) Stop(ctx context.Context) error {
	if s.livekit == nil {
		return nil
	}
	go s.livekit.Stop(true)
	select {
	case err := <-s.ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stopping the media server: %w", ctx.Err())
	}
}

func orPort(wanted, free int) int {
	if wanted != 0 {
		return wanted
	}
	return free
}

// freePorts finds ports of loopback that are free for TCP and UDP at this moment.
func freePorts(n int) (ports []int, err error) {
	for len(ports) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() // only now, so that no port is found twice
		port := l.Addr().(*net.TCPAddr).Port
		if u, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			u.Close()
			if !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
	}
	return ports, nil
}

// atLeast passes on records of a level and above.
type atLeast struct {
	level slog.Level
	slog.Handler
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(as []slog.Attr) slog.Handler {
	return atLeast{h.level, h.Handler.WithAttrs(as)}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.level, h.Handler.WithGroup(name)}
}
