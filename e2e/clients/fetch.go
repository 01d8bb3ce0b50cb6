// Go's net/http against the gate. fetch BASE CA FILE DIGEST prints one line for each check: "ok NAME" or "FAIL NAME: why".
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"time"
)

type report struct {
	Method, Sha256 string
	Size           int64
	Trailers       [][]string
}

var (
	base   = os.Args[1]
	file   = os.Args[3]
	digest = os.Args[4]
	client *http.Client
)

func hexDigest(r io.Reader) (string, int64, error) {
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	return hex.EncodeToString(sum.Sum(nil)), size, err
}

func want(condition bool, format string, values ...interface{}) error {
	if condition {
		return nil
	}
	return fmt.Errorf(format, values...)
}

func get(path string, fields ...string) (*http.Response, []byte, error) {
	request, _ := http.NewRequest("GET", base+path, nil)
	for i := 0; i+1 < len(fields); i += 2 {
		request.Header.Set(fields[i], fields[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

func send(path string, body io.Reader, length int64, edit func(*http.Request)) (report, error) {
	request, _ := http.NewRequest("POST", base+path, body)
	request.ContentLength = length
	if edit != nil {
		edit(request)
	}
	var seen report
	response, err := client.Do(request)
	if err != nil {
		return seen, err
	}
	defer response.Body.Close()
	return seen, json.NewDecoder(response.Body).Decode(&seen)
}

func download() error {
	response, err := client.Get(base + "/64m.bin")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	sum, _, err := hexDigest(response.Body)
	if err != nil {
		return err
	}
	return want(sum == digest, "another digest: %s", sum)
}

func upload(chunked bool, expect bool) error {
	body, err := os.Open(file)
	if err != nil {
		return err
	}
	info, _ := body.Stat()
	length := info.Size()
	if chunked {
		length = -1
	}
	seen, err := send("/app/show", body, length, func(r *http.Request) {
		if expect {
			r.Header.Set("Expect", "100-continue")
		}
	})
	if err != nil {
		return err
	}
	return want(seen.Sha256 == digest && seen.Size == info.Size(), "the server saw %d octets", seen.Size)
}

func keepAlive() error {
	fresh := 0
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			fresh++
		}
	}}
	client.CloseIdleConnections()
	for i := 0; i < 20; i++ {
		request, _ := http.NewRequest("GET", base+"/hello.txt", nil)
		response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
		if err != nil {
			return err
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	return want(fresh == 1, "%d connections", fresh)
}

func head() error {
	response, err := client.Head(base + "/hello.txt")
	if err != nil {
		return err
	}
	return want(response.StatusCode == 200 && response.ContentLength > 0, "%v", response)
}

func ranges() error {
	response, body, err := get("/hello.txt", "Range", "bytes=6-9")
	if err != nil {
		return err
	}
	return want(response.StatusCode == 206 && string(body) == "from", "%d %q", response.StatusCode, body)
}

func compressed() error {
	response, body, err := get("/page.html")
	if err != nil {
		return err
	}
	return want(response.StatusCode == 200 && strings.Contains(string(body), "A page"), "%d", response.StatusCode)
}

func bothWays() error {
	reader, writer := io.Pipe()
	request, _ := http.NewRequest("POST", base+"/app/echo", reader)
	data := bytes.Repeat([]byte("both ways "), 100000)
	go func() {
		for i := 0; i < len(data); i += 50000 {
			writer.Write(data[i : i+50000])
		}
		writer.Close()
	}()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	back, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return want(bytes.Equal(back, data), "%d octets came back", len(back))
}

func trailers() error {
	request, _ := http.NewRequest("GET", strings.TrimSuffix(base[:strings.LastIndex(base, "/")], "/")+"/direct/trailers", nil)
	request.Header.Set("TE", "trailers")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return want(response.Trailer.Get("X-Digest") == "abc", "%v", response.Trailer)
}

func sendTrailers() error {
	reader := io.MultiReader(strings.NewReader("hello"))
	request, _ := http.NewRequest("POST", base[:strings.LastIndex(base, "/")]+"/direct/show", reader)
	request.ContentLength = -1
	request.Trailer = http.Header{"X-Sum": {"42"}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var seen report
	if err := json.NewDecoder(response.Body).Decode(&seen); err != nil {
		return err
	}
	return want(len(seen.Trailers) == 1 && seen.Trailers[0][1] == "42", "%v", seen.Trailers)
}

func manyAtOnce() error {
	var group sync.WaitGroup
	failures := make(chan error, 200)
	for i := 0; i < 200; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if response, body, err := get("/hello.txt"); err != nil {
				failures <- err
			} else if response.StatusCode != 200 || len(body) != 9200 {
				failures <- fmt.Errorf("%d, %d octets", response.StatusCode, len(body))
			}
		}()
	}
	group.Wait()
	close(failures)
	return <-failures
}

func main() {
	authority, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	client = &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, ExpectContinueTimeout: 5 * time.Second}}
	checks := []struct {
		name string
		run  func() error
	}{
		{"download", download}, {"upload", func() error { return upload(false, false) }},
		{"chunked upload", func() error { return upload(true, false) }}, {"expected upload", func() error { return upload(false, true) }},
		{"keep-alive", keepAlive}, {"head", head}, {"range", ranges}, {"compressed", compressed}, {"both ways", bothWays},
		{"trailers", trailers}, {"sent trailers", sendTrailers}, {"many at once", manyAtOnce},
	}
	for _, check := range checks {
		if err := check.run(); err != nil {
			fmt.Printf("FAIL %s: %v\n", check.name, err)
		} else {
			fmt.Printf("ok %s\n", check.name)
		}
	}
}
