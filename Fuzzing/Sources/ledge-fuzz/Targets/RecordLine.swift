internal import Disk
internal import JSON
internal import TestSupport

@testable internal import SegmentLog

private let seed = RecordLine.seed(log: "clients", segment: 1)

/// Composes a record line: it must be read back unchanged, and must not verify after any change.
///
/// If the checksum was corrected, reads must stay within bounds. Files must be split at newlines only.
func fuzzRecordLine(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    switch input.number(below: 3) {
    case 0: composeAndChange(&input)
    case 1: readForged(input.remainder())
    default: cutIntoLines(input.remainder())
    }
}

private func composeAndChange(_ input: inout FuzzInput) {
    let sequence = input.number(UInt64.self) >> 1
    let batch = input.number(UInt64.self) >> 1
    let at = Timestamp(microseconds: input.number(Int64.self))
    let editCount = input.byte()
    var edits = FuzzInput(UnsafeRawBufferPointer(start: input.rest.baseAddress, count: min(12, input.rest.count)))
    let members = input.remainder().filter { $0 != 0 && $0 != UInt8(ascii: "\n") }
    var line: [UInt8] = []
    RecordLine.begin(sequence, batch: batch, at: at, in: &line)
    line += members
    RecordLine.seal(&line, from: 0, seed: seed)
    let header = must("a composed line opens") { try line.withUnsafeBytes { try RecordLine.open($0, seed: seed) } }
    must(header.sequence == sequence && header.batch == batch && header.at == at, "a header is what was composed")
    must(Array(line[header.members]) == members, "the members are what was composed")
    var moved: [UInt8] = []
    RecordLine.reseal(line[...], seed: seed &+ 1, to: &moved)
    let again = must("a moved line opens") { try moved.withUnsafeBytes { try RecordLine.open($0, seed: seed &+ 1) } }
    must(again == header, "a line that is moved says the same")
    var changed = line
    if editCount.isMultiple(of: 2) { changed = moved } else { changed.edit(by: &edits) }
    guard changed != line else { return }
    must((try? changed.withUnsafeBytes { try RecordLine.open($0, seed: seed) }) == nil, "a changed line is not taken")
}

private func readForged(_ bytes: [UInt8]) {
    let line = Checksums.corrected(Array(bytes.prefix { $0 != UInt8(ascii: "\n") })) { _ in seed }
    guard let header = try? line.withUnsafeBytes({ try RecordLine.open($0, seed: seed) }) else { return }
    must(header.members.upperBound == line.count - CheckedLine.trailerByteCount, "members end before the checksum")
    must(header.members.lowerBound <= header.members.upperBound, "members are in the line")
    var composed: [UInt8] = []
    RecordLine.begin(header.sequence, batch: header.batch, at: header.at, in: &composed)
    composed += line[header.members]
    guard !composed.contains(0) else { return }
    RecordLine.seal(&composed, from: 0, seed: seed)
    let again = must("it is composed again") { try composed.withUnsafeBytes { try RecordLine.open($0, seed: seed) } }
    must(again.sequence == header.sequence && again.batch == header.batch && again.at == header.at, "the same header")
    must(composed[again.members] == line[header.members], "the same members")
}

private func cutIntoLines(_ bytes: [UInt8]) {
    let disk = FaultDisk()
    let pieces = must("a file in memory can be read") {
        let file = try File("lines", .create, on: disk)
        try file.write(bytes, at: 0)
        var scanner = LineScanner(file, to: Int64(bytes.count))
        var pieces: [ScannedLine] = []
        while let piece = try scanner.next() { pieces.append(piece) }
        return pieces
    }
    must(pieces.flatMap(\.bytes) == bytes, "the lines together are the file")
    for (index, piece) in pieces.enumerated() {
        must(piece.bytes.dropLast().allSatisfy { $0 != UInt8(ascii: "\n") }, "a line ends at its newline")
        must(piece.hasLineEnd == (piece.bytes.last == UInt8(ascii: "\n")), "a line says how it ends")
        must(piece.hasLineEnd || index == pieces.count - 1, "only the last line has no end")
        must(
            Array(piece.bytes) == Array(bytes[Int(piece.offset)...].prefix(piece.bytes.count)),
            "its offset is correct"
        )
        _ = piece.open(seed: seed)
    }
}
