package rsocket

import "encoding/binary"

type resumeFrame struct {
	major, minor   uint16
	token          []byte
	lastServer     uint64 // last position that the client received from the server
	firstAvailable uint64 // first position that the client can send again
}

func parseResume(h header, body []byte) (r resumeFrame, err error) {
	f := fields{b: body, ok: true}
	r.major, r.minor = f.u16(), f.u16()
	r.token = f.take(int(f.u16()))
	r.lastServer, r.firstAvailable = f.u64(), f.u64()
	if !f.ok || h.stream != 0 {
		return r, errMalformed
	}
	return r, nil
}

func appendResume(dst []byte, r resumeFrame) []byte {
	dst = appendHeader(dst, 0, typeResume, 0)
	dst = binary.BigEndian.AppendUint16(dst, r.major)
	dst = binary.BigEndian.AppendUint16(dst, r.minor)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(r.token)))
	dst = append(dst, r.token...)
	dst = binary.BigEndian.AppendUint64(dst, r.lastServer)
	return binary.BigEndian.AppendUint64(dst, r.firstAvailable)
}

func parseResumeOK(h header, body []byte) (lastClient uint64, err error) {
	f := fields{b: body, ok: true}
	lastClient = f.u64()
	if !f.ok || h.stream != 0 {
		return 0, errMalformed
	}
	return lastClient, nil
}

func appendResumeOK(dst []byte, lastClient uint64) []byte {
	dst = appendHeader(dst, 0, typeResumeOK, 0)
	return binary.BigEndian.AppendUint64(dst, lastClient)
}
