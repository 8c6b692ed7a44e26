package transport_test

import (
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Everything that was started has to be over when its server is.
func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		println(err.Error())
		code = 1
	}
	os.Exit(code)
}
