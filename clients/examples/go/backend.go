// A backend: registers devices, runs a job, keeps count of it from its events. backend SOCKET STATE DEVICES
// The file STATE holds what it has made of the events and the number of the next one, always both: so it may be ended and
// started again at any moment, and so may the engine.
package main

import (
	"fmt"
	"log"
	"os"
	"time"
)

type Answer struct {
	Head  uint64   `codec:"head"`
	Value []Fields `codec:"value"`
	Next  uint64   `codec:"next"`
}

func save(state string, next uint64, completed int) { // whole, or not at all; add Sync where the power may fail
	err := os.WriteFile(state+".new", []byte(fmt.Sprintln(next, completed)), 0o644)
	if err != nil || os.Rename(state+".new", state) != nil {
		log.Fatal("cannot write ", state)
	}
}

func main() {
	engine, state, devices := &Muster{path: os.Args[1]}, os.Args[2], 0
	fmt.Sscan(os.Args[3], &devices)
	if _, err := os.Stat(state); err != nil { // first of all where to begin, so that no event of the job is missed
		var info Answer
		engine.Call("info", Fields{}, &info)
		save(state, info.Head+1, 0)
	}
	for i := 0; i < devices; i++ {
		engine.Call("devices.put", Fields{"id": fmt.Sprint("pump-", i)}, &Fields{})
	}
	engine.Call("groups.put", Fields{"id": "pumps", "filter": "$id STARTSWITH 'pump-'"}, &Fields{})
	data := []Fields{{"type": "command", "path": "flush", "value": 5}} // the id is ours: run again, it is as it is
	engine.Call("jobs.run", Fields{"id": "flush-1", "group": "pumps", "data": data}, &Fields{})
	next, completed := uint64(0), 0
	text, _ := os.ReadFile(state)
	fmt.Sscan(string(text), &next, &completed)
	for ; ; time.Sleep(50 * time.Millisecond) {
		var page Answer
		engine.Call("events.read", Fields{"from": next, "filter": Fields{"job": "flush-1"}}, &page)
		for _, event := range page.Value {
			switch event["type"] {
			case "JOB_COMPLETED", "JOB_FAILED", "JOB_CANCELLED": // not saved: started again, it ends here again
				fmt.Printf("%v: %d completed\n", event["type"], completed)
				return
			}
			if event["ends"] == true && event["outcome"] == "completed" {
				completed++
			}
		}
		next = page.Next
		save(state, next, completed)
	}
}
