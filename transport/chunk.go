package transport

// chunk is about how much is written at once: frames are put together until they are that much. None is cut.
const chunk = 32 * kibi

// appendFrames appends messages as they go to the client, but for those that nobody wants any more.
func appendFrames(to []byte, frames []frame) []byte {
	for i := range frames {
		switch f := &frames[i]; {
		case f.owner != nil && f.owner.silent.Load():
		case f.next:
			to = f.owner.dialect.next(to, f.bytes, f.cursor)
		default:
			to = append(to, f.bytes...)
		}
	}
	return to
}
