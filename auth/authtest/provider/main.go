// Command provider is an OpenID Connect provider for tests in a browser: `go run ./auth/authtest/provider`. It prints its address,
// and then a line for each that it reads. Such a line is the person that it signs in from then on, as a JSON object of claims, or
// null for nobody. It ends with its input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"workflowfactory/auth/authtest"
)

func main() {
	p := authtest.New()
	defer p.Close()
	fmt.Println(p.URL)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var person map[string]any
		if err := json.Unmarshal(lines.Bytes(), &person); err != nil {
			log.Fatal(err)
		}
		p.SignsIn(person)
		fmt.Println("ok")
	}
}
