internal import Disk
internal import JSON
internal import SegmentLog

@testable internal import Index

/// Changes an index file: it must be refused, or answer as before.
///
/// If the checksums were corrected, it must be refused, or answer within the bounds of its segment.
func fuzzIndexFile(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let sample = input.element(of: IndexSample.all)
    let isForged = input.number(below: 4) > 0
    let file = isForged ? forged(sample, &input) : edited(sample.file, &input)
    do throws(StorageError) {
        let index = try MappedIndex(.memory(file), path: "x.idx", of: sample.segment, sample.schema)
        let answers = try IndexAnswers(index, sample.schema, sample.ids)
        must(isForged || answers == sample.answers, "a changed file is refused or answers as before")
    } catch {
        guard case .corrupt = error else { fatalError("damage is damage, not \(error)") }
    }
}

private func edited(_ file: [UInt8], _ input: inout FuzzInput) -> [UInt8] {
    var file = file
    file.edit(by: &input)
    return file
}

/// Returns the file with its header or body changed and all checksums corrected.
private func forged(_ sample: IndexSample, _ input: inout FuzzInput) -> [UInt8] {
    let seed = IndexHeader.seed(log: sample.schema.log, first: sample.segment.id.first)
    var line = sample.header.line
    var body = Array(sample.file[sample.header.body])
    if input.number(below: 3) == 0 {
        line.edit(by: &input, timesAtMost: 2)
        line = Checksums.corrected(line) { _ in seed }
    } else {
        let byteCount = body.count
        body.edit(by: &input)
        // The offsets of sections in the header stay valid.
        body = Array((body + [UInt8](repeating: 0, count: byteCount)).prefix(byteCount))
    }
    guard var object = try? CheckedLine.open(line, seed: seed), var blocks = object["blocks"]?.object else {
        return line
    }
    let start = IndexHeader.bodyOffset(lineByteCount: line.count)
    var table: [UInt8] = []
    for offset in stride(from: 0, to: body.count, by: CheckedMap.blockByteCount) {
        let block = Array(body[offset..<min(offset + CheckedMap.blockByteCount, body.count)])
        table.append(littleEndian: XXH3.hash64(block, seed: seed &+ UInt64(start + offset)))
    }
    let checksum = XXH3.hash64(table, seed: seed &+ UInt64(start + body.count))
    blocks["xxh3"] = .string(Hexadecimal.text(checksum))
    object["blocks"] = .object(blocks)
    let head = object.isEmpty ? line : CheckedLine.seal(object, seed: seed)
    return head + [UInt8](repeating: 0, count: max(0, start - head.count)) + body + table
}
