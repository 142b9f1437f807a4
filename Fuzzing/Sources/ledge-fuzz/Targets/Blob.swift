internal import Disk
internal import JSON
internal import TestSupport
internal import Zstd

@testable internal import Blobs

/// Changes a stored file: each frame must be read as it was sent or not at all, and the check must find any change.
///
/// If metadata and seek table were changed with correct checksums, reads must stay within bounds.
func fuzzBlob(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let sample = BlobSample.claimed
    let disk = sample.disk.copy()
    let path = BlobPaths(BlobSample.directory).blob(sample.id)
    let isForged = input.bool()
    let file = sample.disk.bytes(of: path) ?? []
    var changed = file
    if isForged { forge(&changed, of: sample.id, &input) } else { changed.edit(by: &input) }
    must("a file is replaced") { try disk.replaceBytes(of: path, with: changed) }

    let entries = must("a directory is listed") { try BlobCheck.entries(in: BlobSample.directory, on: disk) }
    let findings = must("a disk in memory is read") { try entries.map { try BlobCheck.check($0, on: disk) } }
    let isWhole = findings.allSatisfy(\.violations.isEmpty)
    must(isForged || isWhole == (changed == file), "the check finds any change, and nothing else")
    do throws(StorageError) {
        let reader = try BlobReader(sample.id, at: path, contexts: ZstdContexts(), on: disk)
        must(isForged || Int(reader.description.byteCount) == sample.content.count, "a description is what was written")
        for index in 0..<min(reader.frameCount, 20) {
            let range = reader.contentRange(ofFrame: index)
            guard let frame = try? reader.frame(index) else {
                must(!isWhole, "what cannot be read is found by the check")
                continue
            }
            must(Int64(frame.count) == range.upperBound - range.lowerBound, "a frame is as long as it says")
            guard !isForged else { continue }
            must(
                frame == Array(sample.content[Int(range.lowerBound)..<Int(range.upperBound)]),
                "a frame is what was sent"
            )
        }
        ask(reader, &input)
    } catch {
        guard case .corrupt = error else { fatalError("damage is damage, not \(error)") }
        must(!isWhole, "what does not open is found by the check")
    }
}

private func ask(_ reader: BlobReader, _ input: inout FuzzInput) {
    let start = Int64(input.number(UInt32.self)) % 6_000
    let frames = reader.frames(overlapping: start..<start + Int64(input.number(UInt16.self)))
    must((0...reader.frameCount).contains(frames.upperBound), "a range leads to frames there are")
    _ = try? reader.storedBytes(at: start, count: 100)
}

/// Changes frames of the table, or the metadata line, and corrects the checksums.
private func forge(_ file: inout [UInt8], of id: BlobID, _ input: inout FuzzInput) {
    guard let count = SeekTable.frameCount(footer: file.suffix(SeekTable.footerByteCount)) else { return }
    let tableByteCount = SeekTable.byteCount(frameCount: count)
    guard var table = SeekTable(parsing: file.suffix(tableByteCount)), let last = table.frames.popLast() else { return }
    let metadataStart = file.count - tableByteCount - Int(last.storedByteCount)
    let content = Array(file[..<metadataStart])
    var line = Array(file[(metadataStart + BlobMetadata.headerByteCount)..<(file.count - tableByteCount)])
    if input.bool() {
        line.edit(by: &input, timesAtMost: 2)
    } else {
        for _ in 0..<(1 + input.number(below: 3)) where !table.frames.isEmpty {
            let frame = input.number(below: table.frames.count)
            switch input.number(below: 4) {
            case 0: table.frames[frame].storedByteCount = input.number(UInt32.self)
            case 1: table.frames[frame].contentByteCount = input.number(UInt32.self)
            case 2: table.frames.remove(at: frame)
            default: table.frames.swapAt(frame, 0)
            }
        }
        if var object = try? CheckedLine.open(line, seed: id.seed) {
            let byteCount = table.frames.reduce(Int64(0)) { $0 + Int64($1.contentByteCount) }
            object["byte_count"] = .number(JSONNumber(byteCount))
            object["frames"] = .number(JSONNumber(Int64(table.frames.count)))
            object["seek_table"] = .string(Hexadecimal.text(XXH3.hash64(table.entryBytes)))
            line = CheckedLine.seal(object, seed: id.seed)
        }
    }
    line = Checksums.corrected(line) { _ in id.seed }
    var metadata: [UInt8] = []
    metadata.append(littleEndian: UInt32(0x184D_2A5D))
    metadata.append(littleEndian: UInt32(line.count))
    metadata += line
    table.frames.append(
        SeekTable.Frame(storedByteCount: UInt32(metadata.count), contentByteCount: 0, checksum: last.checksum)
    )
    file = content + metadata + table.bytes
}
