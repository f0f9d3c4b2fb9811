package main

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/proffer/proffer/handlers"
	"github.com/proffer/proffer/handlers/oidc"
	"github.com/proffer/proffer/media/meeting"
)

// Config is everything that can be set from outside, by environment variables alone. The README lists them for operators.
type Config struct {
	Addr    string `env:"PROFFER_ADDR" envDefault:"127.0.0.1:8080"`       // host:port to listen on
	Data    string `env:"PROFFER_DATA" envDefault:"./data"`               // folder of keys and, in embedded mode, of everything
	URL     string `env:"PROFFER_URL" envDefault:"http://localhost:8080"` // what people type; used in every link
	Keys    string `env:"PROFFER_KEYS"`                                   // folder of the signing keys; default: keys in Data
	Demo    bool   `env:"PROFFER_DEMO" envDefault:"false"`                // demonstration mode: printed links, person switcher, outbox page
	Samples bool   `env:"PROFFER_SAMPLES" envDefault:"true"`              // in demonstration mode, fill an empty database with sample reports

	DatabaseURL string `env:"PROFFER_DATABASE_URL"` // a PostgreSQL of one's own; "": the embedded one

	S3 S3Config `envPrefix:"PROFFER_S3_"`

	EvidenceLock time.Duration `env:"PROFFER_EVIDENCE_LOCK" envDefault:"720h"` // object lock of reported clips; at least 24h

	BoardKeep      time.Duration `env:"PROFFER_BOARD_KEEP" envDefault:"720h"`      // how long the board of a meeting that is over is kept; at least 24h
	MeetingIdle    time.Duration `env:"PROFFER_MEETING_IDLE" envDefault:"4320h"`   // after how long without anybody a meeting is over; at least 24h
	RecordingsKeep time.Duration `env:"PROFFER_RECORDINGS_KEEP" envDefault:"720h"` // how long a recording of a meeting is kept after it ended; at least 1h

	BudgetShift  time.Duration `env:"PROFFER_BUDGET_SHIFT" envDefault:"90m"`  // how much of clips one shift allows a reviewer
	BudgetUrgent time.Duration `env:"PROFFER_BUDGET_URGENT" envDefault:"20m"` // likewise, of the most urgent policies (P0)

	SMTP SMTPConfig `envPrefix:"PROFFER_SMTP_"`

	Media MediaConfig `envPrefix:"PROFFER_MEDIA_"`

	LiveKit LiveKitConfig `envPrefix:"PROFFER_LIVEKIT_"`

	SIP SIPConfig `envPrefix:"PROFFER_SIP_"`

	Undo time.Duration `env:"PROFFER_UNDO" envDefault:"1m"` // for how long a decision can be undone, and its notices wait; 0: neither

	E2EERule string `env:"PROFFER_E2EE_RULE"` // CEL: who may have end-to-end encrypted meetings; "": meeting.DefaultRule

	Proxies []string `env:"PROFFER_PROXIES"` // address ranges (CIDR) of proxies whose X-Forwarded-For is believed

	Limits handlers.Limits `envPrefix:"PROFFER_LIMIT_"` // of one account

	OIDC oidc.Config `envPrefix:"PROFFER_OIDC_"` // the house's own sign-in provider for staff

	StaffPasskeys bool `env:"PROFFER_STAFF_PASSKEYS" envDefault:"true"` // roles count only in sessions that a passkey opened; never in demonstration mode

	LogLevel string `env:"PROFFER_LOG" envDefault:"info"` // debug, info, warn or error
}

// S3Config names an S3 server of one's own. With no endpoint the embedded gateway is used.
type S3Config struct {
	Endpoint         string `env:"ENDPOINT"` // URL, such as https://s3.eu-central-1.amazonaws.com
	Region           string `env:"REGION" envDefault:"us-east-1"`
	AccessKey        string `env:"ACCESS_KEY"`
	SecretKey        string `env:"SECRET_KEY"`
	PathStyle        bool   `env:"PATH_STYLE" envDefault:"true"`
	EvidenceBucket   string `env:"EVIDENCE_BUCKET" envDefault:"proffer-evidence"` // made with object lock if it is not there
	DerivativeBucket string `env:"DERIVATIVE_BUCKET" envDefault:"proffer-derivatives"`
}

// SMTPConfig names a mail server. With no address, messages stay in the outbox.
type SMTPConfig struct {
	Addr     string `env:"ADDR"` // host:port
	From     string `env:"FROM"` // sender, such as "Trust and Safety <safety@example.org>"
	User     string `env:"USER"`
	Password string `env:"PASSWORD"`
	Insecure bool   `env:"INSECURE" envDefault:"false"` // allow a server without TLS
}

// MediaConfig says how browsers reach the embedded media server.
type MediaConfig struct {
	IP  string `env:"IP"`                 // address that they send media to; "": this machine only
	UDP int    `env:"UDP" envDefault:"0"` // port; 0: any free one
	TCP int    `env:"TCP" envDefault:"0"` // port, for networks without UDP; 0: any free one

	Networks []string `env:"NETWORKS"` // address ranges (CIDR) of this machine that UDP may use; none: all
}

// LiveKitConfig names a LiveKit server of one's own, as several servers on one database need. With no URL one runs in this process.
type LiveKitConfig struct {
	URL    string `env:"URL"` // where this server reaches it, such as https://livekit.example.org
	Key    string `env:"KEY"` // of its API, with the right to make tokens and to administer rooms
	Secret string `env:"SECRET"`
}

// SIPConfig says how people dial into standard meetings.
type SIPConfig struct {
	Addr   string   `env:"ADDR"`                                     // host:port of SIP over UDP and TCP; "": nobody dials in
	Number string   `env:"NUMBER"`                                   // that people dial to reach it, as hosts are told
	Trunks []string `env:"TRUNKS" envDefault:"127.0.0.1/32,::1/128"` // address ranges (CIDR) of those who may call: the telephone provider's
	IP     string   `env:"IP"`                                       // address that callers are told to send sound to; "": the one by which they reach this machine
	RTP    string   `env:"RTP"`                                      // ports of sound, such as 20000-20199; "": any free ones
	Calls  int      `env:"CALLS" envDefault:"50"`                    // at once
}

// LoadConfig reads the environment and checks all of it.
func LoadConfig() (Config, error) {
	c, err := env.ParseAs[Config]()
	if err != nil {
		return c, fmt.Errorf("reading the configuration: %w", err)
	}
	c.URL = strings.TrimRight(c.URL, "/")
	return c, c.Validate()
}

// Validate reports everything that is wrong with the configuration at once.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Path != "" {
		bad("PROFFER_URL has to be a web address without a path, such as https://proffer.example.org; it is %q", c.URL)
	}
	if !strings.Contains(c.Addr, ":") {
		bad("PROFFER_ADDR has to be host:port; it is %q", c.Addr)
	}
	if c.Data == "" {
		bad("PROFFER_DATA must not be empty")
	}
	if c.EvidenceLock < 24*time.Hour {
		bad("PROFFER_EVIDENCE_LOCK has to be at least 24h; it is %s", c.EvidenceLock)
	}
	if c.BoardKeep < 24*time.Hour || c.MeetingIdle < 24*time.Hour {
		bad("PROFFER_BOARD_KEEP and PROFFER_MEETING_IDLE have to be at least 24h; they are %s and %s", c.BoardKeep, c.MeetingIdle)
	}
	if c.RecordingsKeep < time.Hour {
		bad("PROFFER_RECORDINGS_KEEP has to be at least 1h; it is %s", c.RecordingsKeep)
	}
	if c.S3.Endpoint != "" {
		if u, err := url.Parse(c.S3.Endpoint); err != nil || u.Host == "" {
			bad("PROFFER_S3_ENDPOINT has to be a web address; it is %q", c.S3.Endpoint)
		}
		if c.S3.AccessKey == "" || c.S3.SecretKey == "" {
			bad("PROFFER_S3_ENDPOINT is set, so PROFFER_S3_ACCESS_KEY and PROFFER_S3_SECRET_KEY are needed too")
		}
	}
	if c.Media.IP != "" && net.ParseIP(c.Media.IP) == nil {
		bad("PROFFER_MEDIA_IP has to be the IP address that browsers send media to; it is %q", c.Media.IP)
	}
	for _, n := range c.Media.Networks {
		if _, _, err := net.ParseCIDR(n); err != nil {
			bad("PROFFER_MEDIA_NETWORKS has to be address ranges such as 0.0.0.0/0, separated by commas; one is %q", n)
		}
	}
	for name, port := range map[string]int{"PROFFER_MEDIA_UDP": c.Media.UDP, "PROFFER_MEDIA_TCP": c.Media.TCP} {
		if port < 0 || port > 65535 {
			bad("%s has to be a port; it is %d", name, port)
		}
	}
	if c.LiveKit.URL != "" {
		if u, err := url.Parse(c.LiveKit.URL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			bad("PROFFER_LIVEKIT_URL has to be a web address such as https://livekit.example.org; it is %q", c.LiveKit.URL)
		}
		if c.LiveKit.Key == "" || c.LiveKit.Secret == "" {
			bad("PROFFER_LIVEKIT_URL is set, so PROFFER_LIVEKIT_KEY and PROFFER_LIVEKIT_SECRET are needed too")
		}
	}
	if c.SIP.Addr != "" {
		if _, err := c.SIP.config(); err != nil {
			bad("%w", err)
		}
		if c.SIP.Number == "" || c.SIP.Calls < 1 || len(c.SIP.Trunks) == 0 {
			bad("PROFFER_SIP_ADDR is set, so PROFFER_SIP_NUMBER has to be the number that people dial, PROFFER_SIP_TRUNKS who may call, and PROFFER_SIP_CALLS at least 1")
		}
	}
	if _, err := meeting.NewRule(c.E2EERule); err != nil {
		bad("PROFFER_E2EE_RULE needs attention: %w", err)
	}
	if c.OIDC.Issuer != "" {
		if _, err := oidc.New(c.OIDC, c.URL); err != nil {
			bad("PROFFER_OIDC_ISSUER is set, so PROFFER_OIDC_CLIENT_ID, PROFFER_OIDC_SECRET and PROFFER_OIDC_ROLES are needed, too: %w", err)
		}
	}
	if c.SMTP.Addr != "" {
		if _, err := mail.ParseAddress(c.SMTP.From); err != nil {
			bad("PROFFER_SMTP_ADDR is set, so PROFFER_SMTP_FROM has to be the sender's address; it is %q", c.SMTP.From)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the configuration needs attention:\n%w", err)
	}
	return nil
}
