// Reads tree sizes, ascending, from standard input and prints for each the root that tlog computes.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

const leafSizeMax = 1500

func leaf(i uint64) []byte {
	data := make([]byte, i*7919%(leafSizeMax+1))
	for at := range data {
		data[at] = byte(i*31 + uint64(at))
	}
	return data
}

// All hashes of the tree, in tlog's storage order.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

func main() {
	var stored storage
	var size, have int64
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := fmt.Fscan(in, &size); err != nil {
			return
		}
		for ; have < size; have++ {
			hashes, err := tlog.StoredHashes(have, leaf(uint64(have)), stored)
			if err != nil {
				log.Fatal(err)
			}
			stored = append(stored, hashes...)
		}
		root, err := tlog.TreeHash(size, stored)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %x\n", size, root[:])
	}
}
