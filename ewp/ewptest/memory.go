package ewptest

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// pipes are the connections of a network in memory: pipes of package net, by the
// address that is dialled. Unlike sockets they let the time of a testing/synctest bubble
// pass while everybody waits.
type pipes struct {
	mu        sync.Mutex
	listeners map[string]*pipeListener
}

// listen returns the listener at an address, "uni-a.example:443".
func (p *pipes) listen(address string) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listeners[address] != nil {
		return nil, fmt.Errorf("ewptest: %s is in use", address)
	}
	l := &pipeListener{address: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	if p.listeners == nil {
		p.listeners = map[string]*pipeListener{}
	}
	p.listeners[address] = l
	return l, nil
}

// dial connects to a listener. It has the form of http.Transport.DialContext.
func (p *pipes) dial(ctx context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	l := p.listeners[address]
	p.mu.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}}
	}
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pipeListener is one address.
type pipeListener struct {
	address string
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// Accept returns the next connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the address.
func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.address) }

type pipeAddr string

// Network returns "pipe".
func (a pipeAddr) Network() string { return "pipe" }

// String returns the address.
func (a pipeAddr) String() string { return string(a) }
