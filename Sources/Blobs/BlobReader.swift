package import Disk
internal import Zstd

/// A stored file, open: its description, and its content frame by frame.
///
/// Content that does not verify is never returned. The file stays readable while this object exists, even if the blob is
/// removed meanwhile. Safe from any thread.
package final class BlobReader: Sendable {
    package let description: BlobDescription
    private let reader: FrameReader
    private let frames: [SeekTable.Frame]
    /// Where each frame begins, in the file and in the content, and where the last one ends.
    private let storedOffsets: [Int64]
    private let contentOffsets: [Int64]

    /// Opens a blob file and verifies its tail.
    ///
    /// - Throws: `.disk`, or `.corrupt` if metadata or seek table do not verify.
    init(_ id: BlobID, at path: String, contexts: ZstdContexts, on disk: any Disk) throws(StorageError) {
        let file = try File(path, .read, on: disk)
        let tail = try BlobTail(of: id, in: file)
        description = tail.description
        reader = FrameReader(file: file, contexts: contexts)
        frames = tail.frames
        var storedOffsets: [Int64] = [0]
        var contentOffsets: [Int64] = [0]
        for (index, frame) in tail.frames.enumerated() {
            storedOffsets.append(storedOffsets[index] + Int64(frame.storedByteCount))
            contentOffsets.append(contentOffsets[index] + Int64(frame.contentByteCount))
        }
        self.storedOffsets = storedOffsets
        self.contentOffsets = contentOffsets
    }

    /// The path of the file, which is a complete zstd stream.
    package var path: String { reader.file.path }

    package var frameCount: Int { frames.count }

    /// The bytes of the content that are in a frame.
    ///
    /// - Precondition: `index` is less than ``frameCount``.
    package func contentRange(ofFrame index: Int) -> Range<Int64> {
        contentOffsets[index]..<contentOffsets[index + 1]
    }

    /// The frame of the byte at `offset`.
    ///
    /// - Precondition: `offset` is inside the content.
    package func frameIndex(at offset: Int64) -> Int {
        precondition((0..<description.byteCount).contains(offset), "the offset is inside the content")
        var low = 0
        var high = frames.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if contentOffsets[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The frames with any byte of `range`, clamped to the content.
    package func frames(overlapping range: Range<Int64>) -> Range<Int> {
        let range = range.clamped(to: 0..<description.byteCount)
        guard !range.isEmpty else { return 0..<0 }
        return frameIndex(at: range.lowerBound)..<frameIndex(at: range.upperBound - 1) + 1
    }

    /// Returns the content of one frame; blocks for one read and its decoding.
    ///
    /// - Precondition: `index` is less than ``frameCount``.
    /// - Throws: `.corrupt` if the frame does not verify, `.disk` if it cannot be read.
    package func frame(_ index: Int) throws(StorageError) -> [UInt8] {
        try reader.frame(frames[index], at: storedOffsets[index]).content
    }

    /// Returns bytes of the file, for a client that accepts zstd; fewer than `count` only at the end.
    ///
    /// They are not verified: the client's decoder verifies each frame.
    package func storedBytes(at offset: Int64, count: Int) throws(StorageError) -> [UInt8] {
        try reader.file.bytes(at: offset, count: count)
    }
}
