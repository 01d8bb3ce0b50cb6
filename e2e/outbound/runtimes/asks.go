// Says of each URL whether Go's default transport would use a proxy for it; or fetches them, with FETCH set.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	for _, url := range os.Args[1:] {
		request, err := http.NewRequest("GET", url, nil)
		if err != nil {
			fmt.Println(err)
			continue
		}
		if os.Getenv("FETCH") != "" {
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			fmt.Println(response.StatusCode)
			continue
		}
		proxy, err := http.ProxyFromEnvironment(request)
		if err != nil {
			fmt.Println(err)
		} else if proxy == nil {
			fmt.Println("direct")
		} else {
			fmt.Println("proxy")
		}
	}
}
