internal import Disk
internal import JSON
internal import Zstd

/// Verifies an upload's data, chunk by chunk, against the lines of its journal.
///
/// Position and digest are those at the end of the last chunk that verified.
struct ChunkScan {
    private let reader: FrameReader
    private(set) var position = UploadWriter.Position()
    private(set) var digest = ContentDigest()

    init(of file: File, contexts: ZstdContexts) {
        reader = FrameReader(file: file, contexts: contexts)
    }

    /// Verifies the next chunk; returns nil, or why it does not match its line.
    mutating func verify(_ chunk: UploadJournal.Chunk) -> StorageError? {
        var frames: [SeekTable.Frame] = []
        var offset = position.storedByteCount
        var content = digest.copy()
        let stored = position.digest.copy()
        let chunkDigest = XXH3Digest()
        do throws(StorageError) {
            for line in chunk.frames {
                let frame = try reader.frame(
                    at: offset,
                    storedByteCount: line.storedByteCount,
                    contentByteCount: line.contentByteCount
                )
                frame.content.withUnsafeBytes { bytes in
                    chunkDigest.update(bytes)
                    content.update(bytes)
                }
                frame.stored.withUnsafeBytes { stored.update($0) }
                frames.append(
                    SeekTable.Frame(
                        storedByteCount: UInt32(line.storedByteCount),
                        contentByteCount: UInt32(line.contentByteCount),
                        checksum: frame.checksum
                    )
                )
                offset += Int64(line.storedByteCount)
            }
            guard chunkDigest.hex == chunk.digest else {
                throw reader.file.violation(.chunk, at: position.storedByteCount)
            }
        } catch {
            return error
        }
        position.frames += frames
        position.storedByteCount = offset
        position.digest = stored
        digest = content
        return nil
    }
}
