// A connector: takes devices, does with them what the job says, reports how it went. connector SOCKET
package main

import (
	"fmt"
	"os"
	"time"
)

type Work struct {
	Work    uint64   `codec:"work"`
	Job     string   `codec:"job"`
	Attempt int      `codec:"attempt"`
	Data    []Fields `codec:"data"`
	Devices []string `codec:"devices"`
}

// Here the device is spoken to. It may have done this job in an attempt whose report was lost, and should know.
func deliver(device string, work *Work) string {
	time.Sleep(5 * time.Millisecond)
	for _, entry := range work.Data {
		fmt.Printf("%s: %v = %v (%s, attempt %d)\n", device, entry["path"], entry["value"], work.Job, work.Attempt)
	}
	return "completed"
}

func main() {
	engine := &Muster{path: os.Args[1]}
	for {
		var taken []Work
		engine.Call("work.take", Fields{"connector": "go", "max": 10, "wait": 60}, &taken)
		for i := range taken {
			results := [][]interface{}{}
			for index, device := range taken[i].Devices {
				results = append(results, []interface{}{index, deliver(device, &taken[i])})
			}
			engine.Call("work.report", Fields{"work": taken[i].Work, "results": results}, &Fields{})
		}
	}
}
