internal import Disk
internal import JSON
internal import TestSupport
internal import Zstd

@testable internal import SegmentLog

private let sample = LogSample.sealed()

/// Damages a file of a log with sealed segments: a record must be read as it was written or not at all, and the check
/// must report why.
///
/// If checksums of manifest, seek table or lines were corrected, reads must stay within bounds.
func fuzzSealedSegment(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let disk = sample.disk.copy()
    let kind = input.number(below: 6)
    switch kind {
    case 0: forgeManifest(on: disk, &input)
    case 1: forgeTable(on: disk, &input)
    case 2: forgeLines(on: disk, &input)
    default:
        let path = input.element(of: sample.paths)
        must("a file is damaged") { try disk.damage(path) { $0.edit(by: &input) } }
    }
    let findings = LogFindings(disk)
    let contents: LogContents
    do throws(StorageError) { contents = try LogContents(disk) } catch {
        guard case .corrupt = error else { fatalError("a disk in memory works: \(error)") }
        must(!findings.violations.isEmpty, "what does not open is found by the check: \(error)")
        return
    }
    let isForged = kind < 3
    must(isForged || findings.violations.isEmpty == contents.corruptions.isEmpty, "the check finds what a reader finds")
    if !isForged {
        let written = Set(sample.records)
        must(contents.records.allSatisfy(written.contains), "only written records are returned")
        must(!findings.violations.isEmpty || contents.records == sample.records, "nothing acknowledged is lost")
    }
    var cursor = contents.log.cursor()
    for record in sample.records {
        guard let line = contents.record(at: record.pointer, of: &cursor), !isForged else { continue }
        must(line.count == record.pointer.byteCount, "a line is as long as its pointer says")
        must(
            line.dropLast(CheckedLine.trailerByteCount).suffix(record.members.count) == record.members[...],
            "it is the line"
        )
    }
    for offset in [0, 1, 200, 9_000, UInt32.max] {
        let pointer = RecordPointer(segment: SegmentID(first: 1), offset: offset, byteCount: input.number(UInt32.self))
        _ = contents.record(at: pointer, of: &cursor)
    }
}

private func manifest(_ disk: FaultDisk) -> Manifest {
    must("the manifest is whole") {
        try Manifest.open(disk.bytes(of: LogSample.manifestPath) ?? [], name: LogSample.name)
    }
}

private func forgeManifest(on disk: FaultDisk, _ input: inout FuzzInput) {
    must("a file is damaged") {
        try disk.damage(LogSample.manifestPath) { bytes in
            bytes.edit(by: &input)
            bytes = Checksums.corrected(bytes) { _ in XXH3.hash64(LogSample.name) }
        }
    }
}

/// Replaces a sealed segment's file and its entry in the manifest.
private func replace(on disk: FaultDisk, _ index: Int, _ change: (inout Manifest.Closed, inout [UInt8]) -> Void) {
    var manifest = manifest(disk)
    let path = "\(LogSample.directory)/\(SegmentName.make(manifest.closed[index].id, .sealed))"
    must("files are replaced") {
        try disk.damage(path) { change(&manifest.closed[index], &$0) }
        try disk.replaceBytes(of: LogSample.manifestPath, with: manifest.bytes)
    }
}

private func forgeTable(on disk: FaultDisk, _ input: inout FuzzInput) {
    replace(on: disk, input.number(below: 2)) { closed, file in
        guard var sealed = closed.sealed else { return }
        let tableByteCount = SeekTable.byteCount(frameCount: sealed.frameCount)
        guard var table = SeekTable(parsing: file.suffix(tableByteCount)) else { return }
        for _ in 0..<(1 + input.number(below: 3)) {
            let frame = input.number(below: table.frames.count)
            switch input.number(below: 5) {
            case 0: table.frames[frame].storedByteCount = input.number(UInt32.self)
            case 1: table.frames[frame].contentByteCount = input.number(UInt32.self)
            case 2: table.frames[frame].contentByteCount &+= 1 << 31
            case 3: table.frames.insert(table.frames[frame], at: frame)
            default: table.frames.remove(at: frame)
            }
            if table.frames.isEmpty { break }
        }
        file = file.dropLast(tableByteCount) + table.bytes
        sealed.storedByteCount = Int64(file.count)
        sealed.frameCount = table.frames.count
        sealed.tableChecksum = XXH3.hash64(table.entryBytes)
        closed.sealed = sealed
        let total = table.frames.reduce(UInt32(0)) { $0 &+ $1.contentByteCount }
        if input.bool() { closed.byteCount = Int64(total) }
    }
}

private func forgeLines(on disk: FaultDisk, _ input: inout FuzzInput) {
    var manifest = manifest(disk)
    let index = input.number(below: 2)
    let closed = manifest.closed[index]
    let seed = RecordLine.seed(log: LogSample.name, segment: closed.id)
    must("a segment is written again") {
        var scan = try SegmentScan(.closed(closed), LogSample.options, on: disk)
        var lines: [UInt8] = []
        while let entry = try scan.nextEntry() { lines += entry.line }
        lines.edit(by: &input)
        lines = Checksums.corrected(lines) { seed &+ UInt64($0) }
        try disk.remove("\(LogSample.directory)/\(SegmentName.make(closed.id, .sealed))")
        var writer = try SealedWriter(closed.id, directory: LogSample.directory, ZstdContexts(), on: disk)
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let line = line + [UInt8(ascii: "\n")]
            let offset = UInt64(writer.byteCount)
            let header = try? line.withUnsafeBytes { try RecordLine.open($0, seed: seed &+ offset) }
            try writer.append(line, at: header?.at ?? .earliest)
        }
        guard let written = try writer.finish(last: closed.last) else { return }
        manifest.closed[index] = written
        try disk.replaceBytes(of: LogSample.manifestPath, with: manifest.bytes)
    }
}
