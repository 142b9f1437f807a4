import Disk
import JSON
import QuerySamples
import SegmentLog
import TestSupport
import Testing

@testable import Index

/// A damaged index file is refused when it is opened or read, unless the damage has no effect; it never returns wrong
/// results and never crashes the process.
struct IndexFileDamageTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    @Test(arguments: [IndexSchema.things, .events], 0..<8)
    func everyFlippedBitIsDetectedOrHarmless(_ schema: IndexSchema, _ bit: Int) throws {
        let sample = Self.sample(of: schema)
        let file = sample.file
        let expected = try Self.answers(of: sample.index(file), sample)
        let lineByteCount = file.firstIndex(of: UInt8(ascii: "\n")) ?? 0
        var (refused, corrupt) = (0, 0)
        for position in file.indices {
            // Of the zeros after the header, one bit of every eighth byte is sufficient.
            if lineByteCount < position, position < 4096, position % 64 != bit * 8 { continue }
            var damaged = file
            damaged[position] ^= 1 << UInt8(bit)
            do throws(StorageError) {
                let index = try sample.index(damaged)
                do throws(StorageError) {
                    let found = try Self.answers(of: index, sample)
                    #expect(found == expected && position > lineByteCount && position < 4096, "byte \(position)")
                } catch {
                    guard case .corrupt(let place) = error, place.path == "x.idx" else { throw error }
                    corrupt += 1
                }
            } catch {
                guard case .corrupt(let place) = error, place.path == "x.idx" else {
                    Issue.record("byte \(position): \(error)")
                    continue
                }
                refused += 1
            }
        }
        #expect(refused > lineByteCount && corrupt > 300)
    }

    @Test(arguments: [IndexSchema.things, .events])
    func everyOtherLengthIsRefused(_ schema: IndexSchema) throws {
        let sample = Self.sample(of: schema)
        let file = sample.file
        for byteCount in 0..<file.count {
            #expect(throws: StorageError.self) { try sample.index(Array(file.prefix(byteCount))) }
        }
        for byteCount in 1...20 {
            #expect(throws: StorageError.self) { try sample.index(file + Array(repeating: 0, count: byteCount)) }
        }
    }

    @Test func indexOfAnotherSegmentIsRefused() throws {
        let documents = [Array(#"{"kind":"a"}"#.utf8)]
        let schema = IndexSchema.things
        let file = IndexFileSample(documents, of: schema).file
        _ = try IndexFileSample(documents, of: schema).index(file)
        let changes: [(inout SegmentSummary) -> Void] = [
            { $0 = $0.with(id: SegmentID(first: 2, generation: 0)) },
            { $0 = $0.with(id: SegmentID(first: 1, generation: 1)) },
            { $0 = $0.with(recordCount: 2) },
            { $0 = $0.with(digest: "00112233445566778899aabbccddeefe") },
        ]
        for change in changes {
            var segment = IndexFileSample(documents, of: schema).segment
            change(&segment)
            #expect(throws: StorageError.self) {
                try MappedIndex(.memory(file), path: "x.idx", of: segment, schema)
            }
        }
    }

    @Test func indexOfAnotherSchemaIsRefused() throws {
        let documents = [Array(#"{"kind":"a"}"#.utf8)]
        let schema = IndexSchema.things
        let file = IndexFileSample(documents, of: schema).file
        let others = [
            IndexSchema(log: "other", paths: schema.paths, isAppendOnly: false),
            IndexSchema(log: schema.log, paths: schema.paths, isAppendOnly: true),
            IndexSchema(log: schema.log, paths: [], isAppendOnly: false),
            IndexSchema(log: schema.log, paths: schema.paths.reversed(), isAppendOnly: false),
            IndexSchema(log: schema.log, paths: schema.paths + ["new"], isAppendOnly: false),
        ]
        for other in others {
            #expect(throws: StorageError.self) { try IndexFileSample(documents, of: other).index(file) }
        }
    }

    /// Checksums are not secret: a forged file may contain anything, so reads must stay within bounds.
    @Test(arguments: [IndexSchema.things, .events])
    func forgedFileIsReadWithinItsBounds(_ schema: IndexSchema) throws {
        var generator = SeededGenerator()
        let sample = Self.sample(of: schema)
        let file = sample.file
        var (answered, refused) = (0, 0)
        for _ in 0..<500 {
            let forged = Self.forged(file, sample, &generator)
            do throws(StorageError) {
                _ = try Self.answers(of: sample.index(forged), sample)
                answered += 1
            } catch {
                guard case .corrupt = error else {
                    Issue.record("\(error) \(Self.seed)")
                    continue
                }
                refused += 1
            }
        }
        #expect(answered > 50 && refused > 50, Self.seed)
    }

    /// The blocks of a file are verified when they are read, not before.
    @Test func unreadBlocksAreNotVerified() throws {
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(5_000, of: .events, &generator)
        var file = sample.file
        file[file.count - 8 * ((file.count - 4096) / 4104) - 100] ^= 1
        let index = try sample.index(file)
        #expect(try index.pointer(of: 4_999) == sample.pointer(of: 4_999))
    }

    /// A read may span several blocks.
    @Test func everyBlockOfAReadIsVerified() throws {
        let size = CheckedMap.blockByteCount
        var generator = SeededGenerator()
        let body = generator.bytes(count: 3 * size - 5)
        let checksums = stride(from: 0, to: body.count, by: size).map { start in
            XXH3.hash64(Array(body[start..<min(start + size, body.count)]), seed: UInt64(start))
        }
        for damaged in 0..<3 {
            var file = body
            file[damaged * size + 7] ^= 8
            let map = try CheckedMap(
                .memory(file),
                path: "x.idx",
                body: 0..<body.count,
                checksums: checksums,
                seed: 0
            )
            #expect(throws: StorageError.self) { try map.copy(at: 0, count: body.count) }
            for start in [1, size + 1, 2 * size + 1] where start / size != damaged {
                #expect(try map.copy(at: start, count: 9) == Array(body[start..<start + 9]))
            }
            #expect(throws: StorageError.self) { try map.copy(at: damaged * size, count: 1) }
            #expect(throws: StorageError.self) { try map.copy(at: body.count, count: 1) }
            #expect(throws: StorageError.self) { try map.copy(at: -1, count: 1) }
            #expect(throws: StorageError.self) { try map.copy(at: 5, count: .max) }
        }
    }

    private static func sample(of schema: IndexSchema) -> IndexFileSample {
        let texts: [String?] = [
            #"{"kind":"a","rank":1,"tags":["x","y"],"sender":{"name":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}}"#,
            #"{"kind":"b","rank":"1","both":2.5}"#, #"{"kind":"a","rank":1,"tags":"x"}"#,
            #"{"kind":"a","rank":"2026-11-23","both":true}"#, schema.isAppendOnly ? "{}" : nil,
        ]
        return IndexFileSample(
            texts.map { $0.map { Array($0.utf8) } },
            of: schema,
            ids: ["id-0", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "7", "é", "last"]
        )
    }

    /// Returns the results of all queries of an index.
    private static func answers(of index: MappedIndex, _ sample: IndexFileSample) throws(StorageError) -> [String] {
        var answers: [String] = []
        for row in 0..<sample.documents.count {
            let (pointer, moment) = try (index.pointer(of: row), index.committedAt(of: row))
            answers.append("\(pointer.offset) \(pointer.byteCount) \(moment) \(try index.isTombstone(row))")
        }
        for id in sample.ids + ["missing"] {
            let found = try index.lastRow(of: Text(id)) { row in sample.ids[row] == id }
            answers.append("\(id) \(String(describing: found))")
        }
        for position in 0..<min(index.idCount, 10) {
            let (id, row) = try index.id(at: position)
            answers.append("\(String(decoding: id, as: UTF8.self)) \(row)")
        }
        for path in sample.schema.paths + [.committedAt] {
            for suffix in ["", "ne", "lt", "gte"] {
                let condition = QueryParameter(path: path.text, suffix: suffix, value: "1").condition
                for rowCount in [2, sample.documents.count] {
                    let rows = try index.rows(passing: condition, below: rowCount).rows(below: rowCount)
                    let count = try index.count(passing: condition, below: rowCount)
                    answers.append("\(String(describing: rows)) \(String(describing: count))")
                }
            }
            if let column = try index.column(of: path), column.valueCount < 100 {
                let contents = try column.contents()
                #expect(contents.allSatisfy { $0.rows.allSatisfy(sample.documents.indices.contains) })
                answers.append("\(contents)")
            }
        }
        return answers
    }

    /// Returns the file with a few changed bytes of the body, or a changed number of the header, and correct checksums.
    private static func forged(
        _ file: [UInt8],
        _ sample: IndexFileSample,
        _ generator: inout SeededGenerator
    ) -> [UInt8] {
        let line = Array(file.prefix { $0 != UInt8(ascii: "\n") }) + [UInt8(ascii: "\n")]
        let seed = IndexHeader.seed(log: sample.schema.log, first: sample.segment.id.first)
        guard
            let object = try? CheckedLine.open(line, seed: seed),
            var header = IndexHeader(object, lineByteCount: line.count, fileByteCount: file.count)
        else {
            Issue.record("the header")
            return []
        }
        var body = Array(file[header.body])
        if Int.random(in: 0..<4, using: &generator) == 0 {
            let section = Int.random(in: 0..<header.sections.count, using: &generator)
            let number = [0, 1, 2, 3, 6, 127, 129, 1 << 20, 1 << 40].randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: header.sections[section].count = number
            case 1: header.sections[section].listedCount = number
            case 2: header.sections[section].hasOverlaps.toggle()
            case 3:
                let part = header.sections[section].parts.removeLast()
                header.sections[section].parts.append(part.lowerBound..<part.lowerBound + number)
            default: header.isAscending.toggle()
            }
        }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let position = Int.random(in: 0..<body.count, using: &generator)
            body[position] =
                [0, 1, 2, 127, 128, 255, .random(in: 0...255, using: &generator)]
                .randomElement(using: &generator) ?? 0
        }
        var table: [UInt8] = []
        for start in stride(from: 0, to: body.count, by: CheckedMap.blockByteCount) {
            let block = Array(body[start..<min(start + CheckedMap.blockByteCount, body.count)])
            table.append(littleEndian: XXH3.hash64(block, seed: seed &+ UInt64(header.body.lowerBound + start)))
        }
        header.tableChecksum = XXH3.hash64(table, seed: seed &+ UInt64(header.body.upperBound))
        let head = header.line
        return head + Array(repeating: 0, count: header.body.lowerBound - head.count) + body + table
    }
}

extension SegmentSummary {
    /// Returns a copy with some properties replaced.
    fileprivate func with(id: SegmentID? = nil, recordCount: Int? = nil, digest: String? = nil) -> SegmentSummary {
        SegmentSummary(
            id: id ?? self.id,
            form: form,
            last: last,
            recordCount: recordCount ?? self.recordCount,
            byteCount: byteCount,
            storedByteCount: storedByteCount,
            firstAt: firstAt,
            lastAt: lastAt,
            digest: digest ?? self.digest
        )
    }
}
