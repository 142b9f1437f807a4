internal import Disk
internal import JSON
internal import TestSupport
internal import Zstd

@testable internal import Blobs

/// Damages a file of an upload: recovery must keep only chunks as they were sent and cut off the rest; a second
/// recovery must find the same.
///
/// A complete upload must be complete or corrupt. If checksums of journal lines were corrected, reads must stay within
/// bounds.
func fuzzUploadRecovery(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let sample = input.number(below: 4) == 3 ? BlobSample.complete : BlobSample.receiving
    let disk = sample.disk.copy()
    let path = input.element(of: sample.paths)
    let journal = BlobPaths(BlobSample.directory).journal(of: sample.id)
    let isForged = path == journal && input.bool()
    must("a file is damaged") {
        try disk.damage(path) { bytes in
            bytes.edit(by: &input)
            if isForged { bytes = Checksums.corrected(bytes) { sample.id.seed &+ UInt64($0) } }
        }
    }
    let entries = must("a directory is listed") { try BlobCheck.entries(in: BlobSample.directory, on: disk) }
    let findings = must("a disk in memory is read") { try entries.map { try BlobCheck.check($0, on: disk) } }
    guard let upload = recovered(disk, sample) else { return }
    let status = upload.status
    if !isForged {
        check(status, sample, disk)
        must(
            findings.allSatisfy(\.violations.isEmpty) || path != journal || status.isComplete
                || status.nextChunkIndex < sample.chunkEnds.count,
            "the check finds no fault in what is kept"
        )
    }
    guard let again = recovered(disk.copy(), sample) else { fatalError("what was recovered is recovered again") }
    must(again.status.receivedByteCount == status.receivedByteCount, "recovery is done once")
    must(again.status.nextChunkIndex == status.nextChunkIndex, "recovery is done once")
}

/// Returns the recovered upload; nil if it is unrecoverable or corrupt.
private func recovered(_ disk: FaultDisk, _ sample: BlobSample) -> Upload? {
    let paths = BlobPaths(BlobSample.directory)
    let context = BlobContext(paths: paths, options: BlobSample.options, coreCount: 1, space: nil, on: disk)
    let directory = UploadDirectory(id: sample.id, context: context)
    _ = try? directory.lastActivity()
    do throws(UploadError) { return try directory.recover() } catch {
        guard error.isCorrupt else { fatalError("damage is damage, not \(error)") }
        return nil
    }
}

private func check(_ status: UploadStatus, _ sample: BlobSample, _ disk: FaultDisk) {
    guard !status.isComplete else {
        must(status.receivedByteCount == Int64(sample.content.count), "a complete file is all of it")
        return
    }
    let count = status.nextChunkIndex
    must((0...sample.chunkEnds.count).contains(count), "there are no chunks that were not sent")
    let end = count == 0 ? 0 : sample.chunkEnds[count - 1]
    must(status.receivedByteCount == Int64(end), "chunks are counted whole")
    must(status.durableByteCount == status.receivedByteCount, "what recovery reports is durable")
    let paths = BlobPaths(BlobSample.directory)
    for path in [paths.journal(of: sample.id), paths.data(of: sample.id)] {
        must(disk.durableBytes(of: path) == disk.bytes(of: path), "\(path) is durable as it is")
    }
    must(content(sample, on: disk) == Array(sample.content.prefix(end)), "the chunks are what was sent")
}

/// Returns the content according to the recovered journal and data.
private func content(_ sample: BlobSample, on disk: FaultDisk) -> [UInt8] {
    let paths = BlobPaths(BlobSample.directory)
    let journal = UploadJournal.parse(disk.bytes(of: paths.journal(of: sample.id)) ?? [], of: sample.id)
    must(journal != nil && journal?.fault == nil, "recovery leaves a journal without a fault")
    return must("recovery leaves frames that are whole") {
        let file = try File(paths.data(of: sample.id), .read, on: disk)
        let reader = FrameReader(file: file, contexts: ZstdContexts())
        var content: [UInt8] = []
        var offset: Int64 = 0
        for frame in journal?.chunks.flatMap(\.frames) ?? [] {
            content += try reader.frame(
                at: offset,
                storedByteCount: frame.storedByteCount,
                contentByteCount: frame.contentByteCount
            ).content
            offset += Int64(frame.storedByteCount)
        }
        must(try file.byteCount == offset, "recovery leaves nothing else")
        return content
    }
}
