/// Reads bytes once, from first to last.
///
/// For one thread at a time.
protocol SequentialReader: AnyObject {
    /// Bytes that are still to be read.
    var remainingByteCount: Int64 { get }

    /// Fills the whole buffer with the next bytes.
    ///
    /// The call that reads the last byte throws if the content does not match its checksum.
    ///
    /// - Precondition: at least that many bytes remain.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(WeightsError)
}

extension SequentialReader {
    /// Reads and discards `count` bytes.
    func skip(_ count: Int64) throws(WeightsError) {
        guard count > 0 else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, 64 << 10)), alignment: 8)
        defer { buffer.deallocate() }
        var rest = count
        while rest > 0 {
            let step = min(rest, Int64(buffer.count))
            try fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(step)]))
            rest -= step
        }
    }
}

/// Reads a source without a checksum: a raw vector.
final class RawReader: SequentialReader {
    private let source: any ByteSource
    private var position: Int64 = 0

    init(_ source: any ByteSource) {
        self.source = source
    }

    var remainingByteCount: Int64 { source.byteCount - position }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) {
        try source.fill(buffer, at: position)
        position += Int64(buffer.count)
    }
}

extension SequentialReader {
    /// Returns the next `count` bytes.
    ///
    /// - Precondition: at least that many bytes remain.
    func bytes(count: Int) throws(WeightsError) -> [UInt8] {
        var failure: WeightsError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            do throws(WeightsError) {
                try fill(UnsafeMutableRawBufferPointer(buffer))
                initializedCount = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
