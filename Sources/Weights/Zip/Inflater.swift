internal import CZlib

/// Inflates a deflated range of a source sequentially.
///
/// Memory: zlib's state, about 40 KiB, and an input buffer of 64 KiB.
final class Inflater {
    private static let bufferByteCount = 64 << 10

    private let source: any ByteSource
    /// The range that is still to be read from the source.
    private var rest: Range<Int64>
    private let buffer: UnsafeMutableRawBufferPointer
    /// At a fixed address, because zlib's state points to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var hasEnded = false

    init(_ source: any ByteSource, _ range: Range<Int64>) {
        self.source = source
        rest = range
        buffer = .allocate(byteCount: Self.bufferByteCount, alignment: 64)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Negative: a raw deflate stream, without zlib's header.
        let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "out of memory")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        buffer.deallocate()
    }

    /// A stream that cannot be inflated as declared.
    enum Failure: Error {
        case damaged(offset: Int64)
        /// The stream is shorter or longer than expected.
        case otherByteCount
        case source(WeightsError)
    }

    /// Fills the whole buffer with the next bytes.
    func fill(_ output: UnsafeMutableRawBufferPointer) throws(Failure) {
        var count = 0
        while count < output.count {
            guard !hasEnded else { throw .otherByteCount }
            count += try step(into: UnsafeMutableRawBufferPointer(rebasing: output[count...]))
        }
    }

    /// Requires that both the stream and the range end here.
    func finish() throws(Failure) {
        try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { scratch throws(Failure) in
            while !hasEnded {
                guard try step(into: scratch) == 0 else { throw .otherByteCount }
            }
        }
        guard rest.isEmpty, stream.pointee.avail_in == 0 else { throw .damaged(offset: offset) }
    }

    /// The offset in the source of the next byte to inflate.
    private var offset: Int64 { rest.lowerBound - Int64(stream.pointee.avail_in) }

    /// Inflates until the output is full or the input is consumed, and returns the number of bytes produced.
    private func step(into output: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        if stream.pointee.avail_in == 0 { try refill() }
        let capacity = min(output.count, Int(Int32.max))
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(capacity)
        let status = inflate(stream, Z_NO_FLUSH)
        let produced = capacity - Int(stream.pointee.avail_out)
        switch status {
        case Z_STREAM_END: hasEnded = true
        case Z_OK: break
        // No progress. If all input was read, the stream is truncated.
        case Z_BUF_ERROR where !rest.isEmpty: break
        default: throw .damaged(offset: offset)
        }
        return produced
    }

    private func refill() throws(Failure) {
        let count = min(Int(rest.upperBound - rest.lowerBound), buffer.count)
        do throws(WeightsError) {
            try source.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: rest.lowerBound)
        } catch {
            throw .source(error)
        }
        rest = rest.lowerBound + Int64(count)..<rest.upperBound
        stream.pointee.next_in = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }
}
