internal import NIOCore

/// What has arrived on a connection and waits to be decoded, and what has to wait for that.
///
/// A client may send thousands of requests at once, and the decoder would make all of them before another connection
/// has a turn. So bytes are handed out in portions.
struct HTTP1HeldInput {
    private var bytes = ByteBuffer()
    /// The end of the input has arrived, and follows the bytes.
    private var isEndHeld = false
    /// A read was asked for, and waits until the bytes are decoded.
    private var isReadHeld = false
    /// Bytes up to the first line break since a request was last complete.
    private(set) var lineByteCount = 0
    private var isFirstLine = true

    var isEmpty: Bool { bytes.readableBytes == 0 }

    mutating func append(_ buffer: ByteBuffer) {
        if isEmpty { bytes = buffer } else { bytes.writeImmutableBuffer(buffer) }
    }

    /// Takes the next portion; nil where nothing is held.
    mutating func next(byteCountMax: Int, isHead: Bool) -> ByteBuffer? {
        guard !isEmpty, let portion = bytes.readSlice(length: min(byteCountMax, bytes.readableBytes)) else {
            return nil
        }
        if isEmpty { bytes = ByteBuffer() }
        if isHead, isFirstLine {
            let end = portion.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
            lineByteCount += (end ?? portion.writerIndex) - portion.readerIndex
            isFirstLine = end == nil
        }
        return portion
    }

    mutating func requestEnded() {
        lineByteCount = 0
        isFirstLine = true
    }

    /// Drops what is held, and returns how much it was.
    mutating func drop() -> Int {
        defer { bytes = ByteBuffer() }
        return bytes.readableBytes
    }

    /// Whether the end of the input may be passed on; otherwise it is due when all is decoded.
    mutating func endArrived() -> Bool {
        isEndHeld = !isEmpty
        return isEmpty
    }

    /// Whether more may be read; otherwise that is due when all is decoded.
    mutating func readAsked() -> Bool {
        isReadHeld = !isEmpty
        return isEmpty
    }

    /// Whether the end of the input waited for the last of the bytes; true once.
    mutating func takeEnd() -> Bool {
        defer { if isEmpty { isEndHeld = false } }
        return isEmpty && isEndHeld
    }

    /// Whether a read waited for the last of the bytes; true once.
    mutating func takeRead() -> Bool {
        defer { if isEmpty { isReadHeld = false } }
        return isEmpty && isReadHeld
    }
}
