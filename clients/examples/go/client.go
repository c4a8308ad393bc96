// A client of Muster on Debian's golang-github-ugorji-go-codec-dev and the net/rpc of Go. When the connection ends it is
// made again, and what was not answered is asked again: so call only what may be asked twice, which is all but changes
// without a requestId.
package main

import (
	"log"
	"net"
	"net/rpc"
	"time"

	"github.com/ugorji/go/codec"
)

// The fields of a call, and any map in an answer.
type Fields = map[string]interface{}

type Muster struct {
	path   string
	client *rpc.Client
}

func (m *Muster) connect() {
	handle := &codec.MsgpackHandle{}
	handle.RawToString = true
	for pause := 50 * time.Millisecond; ; time.Sleep(pause) {
		socket, err := net.Dial("unix", m.path)
		if err == nil {
			m.client = rpc.NewClientWithCodec(codec.MsgpackSpecRpc.ClientCodec(socket, handle))
			// This codec takes an error that is a string, and no notices: events are read, not subscribed to.
			err = m.client.Call("hello", Fields{"client": "go", "errors": "string"}, &Fields{})
			if err == nil {
				return
			}
			m.client.Close()
		}
		if pause < 5*time.Second {
			pause *= 2
		}
	}
}

// Call ends the program when the engine refuses.
func (m *Muster) Call(method string, fields Fields, answer interface{}) {
	for {
		if m.client == nil {
			m.connect()
		}
		err := m.client.Call(method, fields, answer)
		if _, refused := err.(rpc.ServerError); refused {
			log.Fatal(method, ": ", err)
		} else if err == nil {
			return
		}
		m.client.Close()
		m.client = nil
	}
}
