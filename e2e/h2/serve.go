// A server of HTTP/2 by Go's net/http: serve PORT CERT KEY FILES. /files/..., /app/show, /app/echo, /app/trailers, /app/status?N.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
)

func show(writer http.ResponseWriter, request *http.Request) {
	sum := sha256.New()
	size, _ := io.Copy(sum, request.Body)
	trailers := map[string]string{}
	for name := range request.Trailer {
		trailers[name] = request.Trailer.Get(name)
	}
	json.NewEncoder(writer).Encode(map[string]interface{}{"method": request.Method, "version": request.Proto, "size": size,
		"sha256": hex.EncodeToString(sum.Sum(nil)), "trailers": trailers})
}

func echo(writer http.ResponseWriter, request *http.Request) {
	buffer := make([]byte, 32768)
	for {
		count, err := request.Body.Read(buffer)
		writer.Write(buffer[:count])
		writer.(http.Flusher).Flush()
		if err != nil {
			return
		}
	}
}

func trailers(writer http.ResponseWriter, request *http.Request) {
	writer.Header().Set("Trailer", "X-Digest")
	io.WriteString(writer, "hello")
	writer.(http.Flusher).Flush()
	writer.Header().Set("X-Digest", "abc")
}

func status(writer http.ResponseWriter, request *http.Request) {
	code, _ := strconv.Atoi(request.URL.RawQuery)
	writer.WriteHeader(code)
}

func main() {
	mux := http.NewServeMux()
	mux.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(os.Args[4]))))
	mux.HandleFunc("/app/show", show)
	mux.HandleFunc("/app/echo", echo)
	mux.HandleFunc("/app/trailers", trailers)
	mux.HandleFunc("/app/status", status)
	panic(http.ListenAndServeTLS("127.0.0.1:"+os.Args[1], os.Args[2], os.Args[3], mux))
}
