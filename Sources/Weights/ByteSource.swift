/// Random-access bytes of known length, such as a stored model.
///
/// Models are read in steps of at most 512 KiB (a ZIP directory may be longer), nearly always forwards, and from
/// several sources in turn. A source whose reads cost more than a copy should cache its last block.
package protocol ByteSource: Sendable {
    var byteCount: Int64 { get }

    /// Reads bytes from `offset` on and returns how many; may block, and may read fewer than the buffer can hold.
    ///
    /// Returns 0 only at the end of the source or for an empty buffer.
    ///
    /// - Precondition: `offset` is in 0...``byteCount``.
    /// - Throws: `.unreadable` with the source's own error.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int
}

/// Receives bytes in order, such as a model that is being stored.
///
/// Used by one writer at a time.
package protocol ByteSink: AnyObject {
    /// Writes all of `bytes`; may block.
    ///
    /// - Throws: `.unwritable` with the sink's own error, after which nothing more is written.
    func write(_ bytes: UnsafeRawBufferPointer) throws(WeightsError)
}

extension ByteSource {
    /// Fills the whole buffer.
    ///
    /// - Throws: `.sourceEnded` if there are not enough bytes, and the errors of the source.
    func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(WeightsError) {
        var count = 0
        while count < buffer.count {
            let position = offset + Int64(count)
            guard position < byteCount else { throw .sourceEnded(at: position) }
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let step = try read(at: position, into: rest)
            guard step > 0 else { throw .sourceEnded(at: position) }
            count += step
        }
    }

    /// Returns exactly `count` bytes.
    ///
    /// - Throws: As ``fill(_:at:)``.
    func bytes(at offset: Int64, count: Int) throws(WeightsError) -> [UInt8] {
        guard offset >= 0, Int64(count) <= byteCount - offset else { throw .sourceEnded(at: byteCount) }
        var failure: WeightsError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            do throws(WeightsError) {
                try fill(UnsafeMutableRawBufferPointer(buffer), at: offset)
                initializedCount = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// A source of bytes in memory.
package struct MemorySource: ByteSource {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var byteCount: Int64 { Int64(bytes.count) }

    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
        bytes.withUnsafeBytes { bytes in
            let count = min(buffer.count, bytes.count - Int(offset))
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + count]))
            return count
        }
    }
}

/// A sink that collects its bytes in memory.
package final class MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package func write(_ bytes: UnsafeRawBufferPointer) {
        self.bytes.append(contentsOf: bytes)
    }
}

/// A range of another source, such as an archive that is stored without compression in another archive.
struct SubrangeSource: ByteSource {
    let source: any ByteSource
    let range: Range<Int64>

    var byteCount: Int64 { range.upperBound - range.lowerBound }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
        let count = min(Int64(buffer.count), byteCount - offset)
        return try source.read(
            at: range.lowerBound + offset,
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)])
        )
    }
}
