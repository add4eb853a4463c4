package rsocket

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The bytes were derived by hand from the layouts of the RSocket 1.0 protocol document.
func TestFrameVectors(t *testing.T) {
	for _, v := range []struct {
		name, hex string
		frame     []byte
	}{
		{"SETUP", "00000000 0400 0001 0000 000003e8 0000ea60 03 612f62 03 632f64 686921",
			appendSetup(nil, setupFrame{major: 1, keepAlive: 1000, lifetime: 60000, metadataMIME: "a/b", dataMIME: "c/d", data: []byte("hi!")})},
		{"SETUP with metadata", "00000000 0500 0001 0000 00000001 00000002 00 00 000002 7b7d 78",
			appendSetup(nil, setupFrame{major: 1, keepAlive: 1, lifetime: 2, hasMetadata: true, metadata: []byte("{}"), data: []byte("x")})},
		{"SETUP with resumption and lease", "00000000 04c0 0001 0000 00000001 00000002 0003 746f6b 00 00",
			appendSetup(nil, setupFrame{major: 1, keepAlive: 1, lifetime: 2, resume: true, lease: true, token: []byte("tok")})},
		{"KEEPALIVE, please answer", "00000000 0c80 0000000000000102 6162", appendKeepAlive(nil, flagRespond, 258, []byte("ab"))},
		{"KEEPALIVE answer", "00000000 0c00 0000000000000000", appendKeepAlive(nil, 0, 0, nil)},
		{"REQUEST_RESPONSE", "00000001 1000 61", appendRequestResponse(nil, 1, 0, []byte("a"))},
		{"REQUEST_RESPONSE, more follows", "7fffffff 1080 61", appendRequestResponse(nil, 1<<31-1, flagFollows, []byte("a"))},
		{"CANCEL", "00000003 2400", appendCancel(nil, 3)},
		{"PAYLOAD, the last", "00000002 2860 6f6b", appendPayload(nil, 2, flagNext|flagComplete, []byte("ok"))},
		{"PAYLOAD, more follows", "00000002 28a0 6f6b", appendPayload(nil, 2, flagNext|flagFollows, []byte("ok"))},
		{"ERROR", "00000005 2c00 00000201 6e6f", appendError(nil, 5, &Error{ApplicationError, "no"})},
		{"ERROR of the connection", "00000000 2c00 00000003", appendError(nil, 0, &Error{RejectedSetup, ""})},
		{"RESUME", "00000000 3400 0001 0000 0002 7431 0000000000000009 0000000000000004", appendResume(nil, resumeFrame{1, 0, []byte("t1"), 9, 4})},
		{"RESUME_OK", "00000000 3800 0000000000000007", appendResumeOK(nil, 7)},
	} {
		if want := unhex(t, v.hex); !bytes.Equal(v.frame, want) {
			t.Errorf("%s: got %x, want %x", v.name, v.frame, want)
		}
	}
}

func TestFrameTypesAndFlags(t *testing.T) {
	for _, v := range []struct {
		hex  string
		want header
	}{
		{"00000000 0800", header{0, typeLease, 0}},
		{"00000007 1400", header{7, typeRequestFNF, 0}},
		{"00000007 1800 00000001", header{7, typeRequestStream, 0}},
		{"00000007 1c40 00000001", header{7, typeRequestChannel, flagComplete}},
		{"00000007 2000 00000001", header{7, typeRequestN, 0}},
		{"00000000 3100", header{0, typeMetadataPush, flagMetadata}},
		{"00000000 fe00 00000001", header{0, typeExt, flagIgnore}},
	} {
		h, _, err := parseHeader(unhex(t, v.hex))
		if err != nil || h != v.want {
			t.Errorf("%s: got %+v %v, want %+v", v.hex, h, err, v.want)
		}
	}
}

func TestMalformedFrames(t *testing.T) {
	parse := func(b []byte) error {
		h, body, err := parseHeader(b)
		if err != nil {
			return err
		}
		switch h.typ {
		case typeSetup:
			_, err = parseSetup(h, body)
		case typeResume:
			_, err = parseResume(h, body)
		case typeResumeOK:
			_, err = parseResumeOK(h, body)
		case typeKeepAlive:
			_, _, err = parseKeepAlive(h, body)
		case typeError:
			_, err = parseError(body)
		default:
			_, _, err = splitMetadata(h, body)
		}
		return err
	}
	for name, s := range map[string]string{
		"nothing": "", "five bytes": "00000000 04", "top bit of the stream": "80000001 1000",
		"short SETUP": "00000000 0400 0001 0000 00000001", "SETUP on a stream": "00000001 0400 0001 0000 00000001 00000001 00 00",
		"token beyond the end": "00000000 0480 0001 0000 00000001 00000001 ffff 00", "MIME beyond the end": "00000000 0400 0001 0000 00000001 00000001 09 61",
		"SETUP metadata beyond the end": "00000000 0500 0001 0000 00000001 00000001 00 00 ffffff 00",
		"metadata beyond the end":       "00000001 1100 000002 00", "metadata without length": "00000001 1100 0000",
		"short KEEPALIVE": "00000000 0c00 00", "KEEPALIVE on a stream": "00000001 0c00 0000000000000000", "KEEPALIVE position": "00000000 0c00 8000000000000000",
		"short ERROR": "00000001 2c00 000002", "short RESUME": "00000000 3400 0001 0000 0001", "short RESUME_OK": "00000000 3800 00",
	} {
		if err := parse(unhex(t, s)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSetupRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Byte(), 0, 300)
		mime := rapid.StringN(0, 40, 255)
		s := setupFrame{
			major: rapid.Uint16().Draw(t, "major"), minor: rapid.Uint16().Draw(t, "minor"),
			keepAlive: rapid.Uint32().Draw(t, "keepAlive"), lifetime: rapid.Uint32().Draw(t, "lifetime"),
			resume: rapid.Bool().Draw(t, "resume"), lease: rapid.Bool().Draw(t, "lease"), hasMetadata: rapid.Bool().Draw(t, "M"),
			metadataMIME: mime.Draw(t, "mm"), dataMIME: mime.Draw(t, "dm"), data: some.Draw(t, "data"),
		}
		if s.resume {
			s.token = some.Draw(t, "token")
		}
		if s.hasMetadata {
			s.metadata = some.Draw(t, "metadata")
		}
		h, body, err := parseHeader(appendSetup(nil, s))
		if err != nil || h.typ != typeSetup {
			t.Fatal(h, err)
		}
		got, err := parseSetup(h, body)
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Fatalf("got %+v %v, want %+v", got, err, s)
		}
	})
}

func TestResumeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := resumeFrame{
			rapid.Uint16().Draw(t, "major"), rapid.Uint16().Draw(t, "minor"), rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "token"),
			rapid.Uint64().Draw(t, "server"), rapid.Uint64().Draw(t, "client"),
		}
		h, body, err := parseHeader(appendResume(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseResume(h, body)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v %v, want %+v", got, err, want)
		}
	})
}

func TestErrorRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &Error{ErrorCode(rapid.Uint32().Draw(t, "code")), rapid.StringN(0, 1000, maxErrorText).Draw(t, "text")}
		_, body, err := parseHeader(appendError(nil, 1, want))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseError(body); err != nil || *got != *want {
			t.Fatalf("got %v %v, want %v", got, err, want)
		}
	})
}

func TestErrorTexts(t *testing.T) {
	long := appendError(nil, 1, &Error{Invalid, strings.Repeat("é", maxErrorText)})
	if len(long) > headerSize+4+maxErrorText+3 {
		t.Errorf("ERROR frame of %d bytes", len(long))
	}
	if e, err := parseError([]byte{0, 0, 2, 4, 'a', 0xff}); err != nil || e.Text != "a\uFFFD" {
		t.Errorf("text that is not UTF-8: %v %v", e, err)
	}
	for want, e := range map[string]*Error{
		"rsocket: REJECTED_SETUP: no": {RejectedSetup, "no"}, "rsocket: CANCELED": {Canceled, ""}, "rsocket: ERROR 0x00000301: x": {0x301, "x"},
	} {
		if e.Error() != want {
			t.Errorf("got %q, want %q", e.Error(), want)
		}
	}
}
