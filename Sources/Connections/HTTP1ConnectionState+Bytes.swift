internal import NIOCore

// What arrives and leaves as bytes, before the decoder and after the encoder.

extension HTTP1ConnectionState {
    mutating func bytesArrived(_ buffer: ByteBuffer, at now: NIODeadline) {
        lingering?.bytesArrived(buffer.readableBytes)
        if case .discarded = input { return dropTrailing(buffer.readableBytes) }
        timeouts.bytesArrived(buffer.readableBytes, at: now)
        held.append(buffer)
    }

    /// Returns the bytes to decode next; nil while nothing may be decoded.
    mutating func nextPortion() -> ByteBuffer? {
        switch input {
        case .discarded: return nil
        case .head:
            guard unansweredCount < HTTP1Limits.unansweredCountMax else { return nil }
            return held.next(byteCountMax: HTTP1Limits.portionByteCount, isHead: true)
        case .body:
            guard let portion = held.next(byteCountMax: body.portionByteCountMax, isHead: false) else { return nil }
            body.portionBegan(portion.readableBytes)
            return portion
        }
    }

    /// The parts in the last portion, if any, have been delivered.
    mutating func portionDecoded() -> Action {
        guard case .body = input, body.hasExcessiveFraming else { return .nothing }
        return fail(.malformedRequest)
    }

    /// Returns whether to read; false while held bytes come first.
    mutating func readAsked(at now: NIODeadline) -> Bool {
        guard held.readAsked() else { return false }
        timeouts.readAsked(at: now)
        return true
    }

    mutating func bytesWritten(_ byteCount: Int) {
        timeouts.bytesWritten(byteCount)
    }
}
