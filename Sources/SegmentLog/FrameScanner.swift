internal import Disk
internal import JSON

/// Splits the frames of a sealed segment into lines; holds one frame.
struct FrameScanner {
    let file: SealedFile
    /// The checksum of the content of all frames that were restored.
    private let digest: XXH3Digest
    private var frame: [UInt8] = []
    /// Where the frame begins in the content, and where in the frame the next line begins.
    private var frameOffset = 0
    private var position = 0
    private var nextFrame = 0

    init(_ file: SealedFile, digest: XXH3Digest) {
        self.file = file
        self.digest = digest
    }

    /// Returns the next line, or nil at the end.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` if a frame cannot be restored; the next call continues with the frame
    ///   after it. ``StorageError/disk(_:)``.
    mutating func next() throws(StorageError) -> ScannedLine? {
        while position == frame.count {
            guard nextFrame < file.frameCount else { return nil }
            try restoreFrame()
        }
        let start = position
        position += frame.withUnsafeBytes { $0[start...].lineLength ?? $0.count - start }
        let hasLineEnd = frame[position - 1] == UInt8(ascii: "\n")
        return ScannedLine(offset: Int64(frameOffset + start), bytes: frame[start..<position], hasLineEnd: hasLineEnd)
    }

    private mutating func restoreFrame() throws(StorageError) {
        let index = nextFrame
        nextFrame += 1
        frame = []
        position = 0
        frameOffset = file.offset(ofFrame: index)
        frame = try file.content(ofFrame: index, verifying: true)
        frame.withUnsafeBytes { digest.update($0) }
    }
}
