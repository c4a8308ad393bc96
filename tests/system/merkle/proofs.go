// Checks what muster signs and proves, with golang.org/x/mod/sumdb/note and tlog, and says so of each file:
//
//	proofs KEY FILE...        checkpoints, C2SP tlog-proofs, and tlog-witness requests, these each followed by its old checkpoint
//	proofs cosign FILE        prints the checkpoint with another key's signature before the others
//	proofs sign SKEY FILE     prints the text of FILE as a note signed with a private key
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return string(data)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// What a checkpoint says, once its signature is checked.
func open(text string, verifier note.Verifier) (int64, tlog.Hash) {
	opened := must(note.Open([]byte(text), note.VerifierList(verifier)))
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		log.Fatalf("no checkpoint: %q", opened.Text)
	}
	return must(strconv.ParseInt(lines[1], 10, 64)), must(tlog.ParseHash(lines[2]))
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		all = append(all, must(tlog.ParseHash(line)))
	}
	return all
}

func after(line, prefix string) string {
	if !strings.HasPrefix(line, prefix) {
		log.Fatalf("%q does not begin with %q", line, prefix)
	}
	return line[len(prefix):]
}

func inclusion(text string, verifier note.Verifier) {
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	event := must(base64.StdEncoding.DecodeString(after(lines[1], "extra ")))
	index := must(strconv.ParseInt(after(lines[2], "index "), 10, 64))
	size, root := open(checkpoint, verifier)
	if err := tlog.CheckRecord(hashes(lines[3:]), size, root, index, tlog.RecordHash(event)); err != nil {
		log.Fatal(err)
	}
}

func extension(text, old string, verifier note.Verifier) {
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	size, root := open(checkpoint, verifier)
	oldSize, oldRoot := open(old, verifier)
	if after(lines[0], "old ") != strconv.FormatInt(oldSize, 10) {
		log.Fatalf("%q is not about %d", lines[0], oldSize)
	}
	if err := tlog.CheckTree(hashes(lines[1:]), size, root, oldSize, oldRoot); err != nil {
		log.Fatal(err)
	}
}

func sign(text string, signer note.Signer) []byte {
	return must(note.Sign(&note.Note{Text: text}, signer))
}

func cosign(text string) {
	key, _, err := note.GenerateKey(rand.Reader, "witness.example/w1")
	if err != nil {
		log.Fatal(err)
	}
	body, signatures, _ := strings.Cut(text, "\n\n")
	signed := sign(body+"\n", must(note.NewSigner(key)))
	fmt.Print(string(bytes.TrimRight(signed, "\n")) + "\n" + signatures)
}

func main() {
	switch os.Args[1] {
	case "cosign":
		cosign(read(os.Args[2]))
		return
	case "sign":
		os.Stdout.Write(sign(read(os.Args[3]), must(note.NewSigner(os.Args[2]))))
		return
	}
	verifier := must(note.NewVerifier(os.Args[1]))
	for i := 2; i < len(os.Args); i++ {
		path := os.Args[i]
		log.SetPrefix(path + ": ")
		text := read(path)
		if strings.HasPrefix(text, "c2sp.org/tlog-proof@v1\n") {
			inclusion(text, verifier)
		} else if strings.HasPrefix(text, "old ") {
			i++
			extension(text, read(os.Args[i]), verifier)
		} else {
			open(text, verifier)
		}
		fmt.Println(path, "is good")
	}
}
