package import Blobs
internal import NIOConcurrencyHelpers
package import Weights

/// A stored file as the bytes of a model; keeps the frame it read last.
///
/// Memory: one frame of content, by default 256 KiB.
package struct BlobSource: ByteSource {
    private let reader: BlobReader
    private let last = NIOLockedValueBox<(index: Int, content: [UInt8])?>(nil)

    package init(_ reader: BlobReader) {
        self.reader = reader
    }

    package var byteCount: Int64 { reader.description.byteCount }

    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
        guard offset < byteCount, !buffer.isEmpty else { return 0 }
        let index = reader.frameIndex(at: offset)
        let start = Int(offset - reader.contentRange(ofFrame: index).lowerBound)
        let content = try content(ofFrame: index)
        let count = min(buffer.count, content.count - start)
        content.withUnsafeBytes { content in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: content[start..<start + count]))
        }
        return count
    }

    private func content(ofFrame index: Int) throws(WeightsError) -> [UInt8] {
        if let last = last.withLockedValue({ $0 }), last.index == index { return last.content }
        do {
            let content = try reader.frame(index)
            last.withLockedValue { $0 = (index, content) }
            return content
        } catch {
            throw .unreadable(Underlying(error))
        }
    }
}
