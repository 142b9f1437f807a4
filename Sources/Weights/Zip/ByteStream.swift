/// A stream of bytes that are computed on demand.
///
/// For one thread at a time, which may change between calls.
protocol ByteStream: AnyObject {
    /// Returns the next bytes, never empty; nil at the end. May block.
    func next() throws(WeightsError) -> [UInt8]?
}

/// A stream of bytes in memory.
final class LiteralBytes: ByteStream {
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes.isEmpty ? nil : bytes
    }

    func next() -> [UInt8]? { bytes.take() }
}

/// A stream of a range of a source.
final class CopiedBytes: ByteStream {
    private static let stepByteCount = 256 << 10

    private let source: any ByteSource
    private var rest: Range<Int64>

    init(_ source: any ByteSource, _ range: Range<Int64>) {
        self.source = source
        rest = range
    }

    func next() throws(WeightsError) -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        let count = min(rest.upperBound - rest.lowerBound, Int64(Self.stepByteCount))
        let bytes = try source.bytes(at: rest.lowerBound, count: Int(count))
        rest = rest.lowerBound + count..<rest.upperBound
        return bytes
    }
}
