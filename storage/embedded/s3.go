package embedded

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// S3Options say where the S3 gateway keeps its objects.
type S3Options struct {
	Dir  string   // made at the first start
	Exe  string   // program to run; "" for this one, also when its file was replaced meanwhile
	Args []string // arguments that lead it to RunGateway; nil for GatewayCommand
	Env  []string // further environment, for tests
	Log  *slog.Logger
}

// S3 is a running gateway that listens on loopback only, over TLS with a certificate of its own.
type S3 struct {
	Endpoint  string // host:port
	AccessKey string
	SecretKey string
	TLS       *tls.Config // trusts exactly the gateway's certificate
	child     *child
}

// s3Identity is kept in the data folder from the first start on (mode 0600), so that address and keys stay the same.
type s3Identity struct {
	Addr      string
	AccessKey string
	SecretKey string
	Cert, Key []byte // PEM
}

// StartS3 starts the gateway and returns when it answers.
func StartS3(ctx context.Context, o S3Options) (*S3, error) {
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	id, err := loadIdentity(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the S3 gateway's identity: %w", err)
	}
	s, err := id.client()
	if err != nil {
		return nil, err
	}
	config, err := id.config(o.Dir)
	if err != nil {
		return nil, err
	}
	s.child = &child{name: "the S3 gateway", log: o.Log, words: logFile(o.Dir), stop: syscall.SIGTERM, make: func() (*exec.Cmd, error) {
		return gatewayProcess(o, config)
	}}
	if err := s.child.start(); err != nil {
		return nil, err
	}
	if err := s.child.waitReady(ctx, s.healthy); err != nil {
		return nil, s.child.abandon(err)
	}
	return s, nil
}

// Stop ends the gateway, or kills it when it has not ended after 3 seconds: its own shutdown may wait for ever.
func (s *S3) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return s.child.Stop(ctx)
}

// Pid is the gateway's process id, or 0 between two runs.
func (s *S3) Pid() int { return s.child.pid() }

func (s *S3) healthy() error {
	c := http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: s.TLS, DisableKeepAlives: true}}
	res, err := c.Get("https://" + s.Endpoint + "/health")
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", res.Status)
	}
	return nil
}

func gatewayProcess(o S3Options, config []byte) (*exec.Cmd, error) {
	exe, args := o.Exe, o.Args
	if exe == "" {
		exe = "/proc/self/exe"
	}
	if args == nil {
		args = []string{GatewayCommand}
	}
	cmd := exec.Command(exe, args...)
	if o.Exe == "" {
		cmd.Args[0] = os.Args[0] // what ps shows
	}
	cmd.Stdin, cmd.Dir = bytes.NewReader(config), o.Dir
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + o.Dir}, o.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return cmd, nil
}

// loadIdentity reads the identity, makes it at the first start, and moves it to another port where its own is taken.
func loadIdentity(dir string) (*s3Identity, error) {
	path := filepath.Join(dir, "identity.json")
	var id s3Identity
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := id.create(); err != nil {
			return nil, err
		}
		return &id, id.save(path)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &id); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if portFree(id.Addr) {
		return &id, nil
	}
	if id.Addr, err = freeAddr(); err != nil { // somebody else took it meanwhile
		return nil, err
	}
	return &id, id.save(path)
}

// save replaces the file as a whole: after a power cut it is the old one or the new one.
func (id *s3Identity) save(path string) error {
	b, err := json.MarshalIndent(id, "", " ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func (id *s3Identity) create() (err error) {
	id.AccessKey, id.SecretKey = "proffer", rand.Text()
	if id.Addr, err = freeAddr(); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Proffer embedded S3"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(30, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	id.Cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	id.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return nil
}

func (id *s3Identity) client() (*S3, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(id.Cert) {
		return nil, errors.New("the S3 gateway's certificate cannot be read")
	}
	return &S3{Endpoint: id.Addr, AccessKey: id.AccessKey, SecretKey: id.SecretKey,
		TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}, nil
}

// config writes the certificate's files, which the gateway reads by name, and the rest as the child's input.
func (id *s3Identity) config(dir string) ([]byte, error) {
	c := gatewayConfig{Dir: dir, Addr: id.Addr, AccessKey: id.AccessKey, SecretKey: id.SecretKey,
		CertFile: filepath.Join(dir, "gateway.crt"), KeyFile: filepath.Join(dir, "gateway.key")}
	if err := os.WriteFile(c.CertFile, id.Cert, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(c.KeyFile, id.Key, 0o600); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func portFree(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	l.Close()
	return true
}
