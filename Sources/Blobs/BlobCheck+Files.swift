package import Disk
internal import JSON
internal import Zstd

extension BlobCheck {
    /// Returns the description in a blob or a complete upload; reads only its tail.
    ///
    /// Nil for any other entry.
    /// - Throws: `.corrupt` if the tail does not verify, `.disk`.
    package static func describe(_ entry: Entry, on disk: any Disk) throws(StorageError) -> BlobDescription? {
        guard let id = BlobID(entry.id), let path = entry.filePath else { return nil }
        return try BlobTail(of: id, in: File(path, .read, on: disk)).description
    }

    /// Verifies a blob file: its tail, every frame, and the three digests in the metadata.
    ///
    /// Each damaged frame is reported. The digest of the stored bytes also covers bits that no decoder reads.
    static func checkBlob(
        _ id: BlobID,
        at path: String,
        on disk: any Disk,
        _ finding: inout Finding
    ) throws(StorageError) {
        let file = try File(path, .read, on: disk)
        finding.storedByteCount = try file.byteCount
        let tail = try BlobTail(of: id, in: file)
        finding.description = tail.description
        let reader = FrameReader(file: file, contexts: ZstdContexts())
        var content = ContentDigest()
        let stored = XXH3Digest()
        var offset: Int64 = 0
        for entry in tail.frames {
            do throws(StorageError) {
                let frame = try reader.frame(entry, at: offset)
                frame.content.withUnsafeBytes { content.update($0) }
                frame.stored.withUnsafeBytes { stored.update($0) }
                finding.byteCount += Int64(entry.contentByteCount)
            } catch {
                guard case .corrupt(let violation) = error else { throw error }
                finding.violations.append(violation)
            }
            offset += Int64(entry.storedByteCount)
        }
        guard finding.violations.isEmpty else { return }
        if stored.hex != tail.metadata.storedXXH3_128 {
            finding.violations.append(Corruption(path: path, reason: .blob(.storedBytes)))
        }
        if content.values != tail.metadata.content {
            finding.violations.append(Corruption(path: path, reason: .blob(.content)))
        }
    }

    /// Verifies what an unfinished upload has received.
    ///
    /// The effects of a crash are no violation: lines and frames that had not reached the disk, which recovery cuts off; a
    /// missing file, if beginning, claiming or aborting was interrupted. Only a chunk that a line of the journal calls
    /// durable must exist.
    static func checkUpload(
        _ id: BlobID,
        at directory: String,
        on disk: any Disk,
        _ finding: inout Finding
    ) throws(StorageError) {
        guard let file = try openUnlessMissing(BlobPaths.journal(inUpload: directory), on: disk) else { return }
        let bytes = try file.content(at: 0, count: Int(min(try file.byteCount, Int64(UploadJournal.byteCountMax))))
        finding.storedByteCount = Int64(bytes.count)
        let durableChunkCount = UploadJournal.durableChunkCount(bytes, of: id)
        guard let journal = UploadJournal.parse(bytes, of: id) else {
            guard durableChunkCount != nil else { return }
            throw file.violation(.journal, at: 0)
        }
        let mustHave = durableChunkCount ?? 0
        if let fault = journal.fault, journal.chunks.count < mustHave {
            let reason: Corruption.Blob = fault == .outOfOrder ? .journalOrder : .journal
            finding.violations.append(Corruption(path: file.path, offset: journal.end, reason: .blob(reason)))
        }
        guard let data = try openUnlessMissing(BlobPaths.data(inUpload: directory), on: disk) else { return }
        finding.storedByteCount += try data.byteCount
        var scan = ChunkScan(of: data, contexts: ZstdContexts())
        for chunk in journal.chunks {
            if let error = scan.verify(chunk) {
                if case .corrupt = error, chunk.index >= mustHave { return }
                throw error
            }
            finding.byteCount += Int64(chunk.byteCount)
        }
    }

    private static func openUnlessMissing(_ path: String, on disk: any Disk) throws(StorageError) -> File? {
        do { return try File(path, .read, on: disk) } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
