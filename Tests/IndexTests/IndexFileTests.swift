import Disk
import JSON
import SegmentLog
import TestSupport
import Testing

@testable import Index

struct IndexFileTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    @Test(arguments: [IndexSchema.things, .events], [0, 1, 2, 127, 128, 129, 1_000])
    func rowsHaveThePointersOfTheirRecords(_ schema: IndexSchema, _ rowCount: Int) throws {
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(rowCount, of: schema, &generator)
        let index = try sample.index()
        #expect(index.rowCount == rowCount && index.segment == sample.segment.id)
        for row in 0..<rowCount {
            #expect(try index.pointer(of: row) == sample.pointer(of: row))
            #expect(try index.committedAt(of: row).microseconds == sample.moments[row], Self.seed)
            #expect(try index.isTombstone(row) == (sample.documents[row] == nil), Self.seed)
        }
        #expect(index.tombstoneCount == sample.documents.count { $0 == nil })
    }

    @Test(arguments: [1, 5, 16, 17, 1_000])
    func idsOfThingsAreFound(_ rowCount: Int) throws {
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(rowCount, of: .things, &generator)
        let index = try sample.index()
        for number in 0..<rowCount + 20 {
            let id = IndexFileSample.id(number)
            let found = try index.lastRow(of: Text(id)) { _ in
                Issue.record("the ids are known")
                return false
            }
            #expect(found == sample.ids.lastIndex { Text($0) == Text(id) }, Self.seed)
        }
        let distinct = Set(sample.ids.map { Text($0) }).sorted()
        #expect(index.idCount == distinct.count)
        for (position, id) in distinct.enumerated() {
            let (utf8, row) = try index.id(at: position)
            #expect(utf8 == Array(id.string.utf8) && row == sample.ids.lastIndex { Text($0) == id }, Self.seed)
        }
    }

    @Test(arguments: [1, 5, 16, 17, 1_000])
    func idsOfEventsAreConfirmed(_ rowCount: Int) throws {
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(rowCount, of: .events, &generator)
        let index = try sample.index()
        var confirmationCount = 0
        for number in 0..<rowCount * 2 {
            let id = IndexFileSample.id(number)
            let found = try index.lastRow(of: Text(id)) { row in
                confirmationCount += 1
                return sample.ids[row] == id
            }
            #expect(found == sample.ids.firstIndex(of: id))
        }
        #expect(confirmationCount < rowCount + 20, "documents are read for existing ids, and rarely for others")
    }

    /// It cannot occur; if it does, the last row is returned.
    @Test func lastRowOfARepeatedIDCounts() throws {
        let ids = (0..<200).map { "id-\($0 % 3)" }
        let sample = IndexFileSample(ids.map { _ in Array("{}".utf8) }, of: .events, ids: ids)
        let index = try sample.index()
        #expect(try index.lastRow(of: Text("id-1")) { ids[$0] == "id-1" } == 199)
        #expect(try index.lastRow(of: Text("id-2")) { ids[$0] == "id-2" } == 197)
    }

    @Test func idsOutsideOfTheSegmentsAreNotLookedUp() throws {
        let index = try IndexFileSample([Array("{}".utf8)], of: .events, ids: ["m"]).index()
        for id in ["", "a", "z", "ma"] {
            #expect(try index.lastRow(of: Text(id)) { _ in true } == nil)
        }
    }

    @Test(arguments: [IndexSchema.things, .events])
    func equalRowsMakeEqualBytes(_ schema: IndexSchema) {
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(500, of: schema, &generator)
        #expect(sample.file == sample.file, Self.seed)
    }

    /// The header that builds before format 3 wrote for the documented example.
    @Test func indexOfFormatTwoIsOfAnotherFormat() throws {
        let documents = [#"{"kind":"a"}"#, #"{"kind":"b"}"#, #"{"kind":"a"}"#].map { Array($0.utf8) }
        let schema = IndexSchema(log: "events", paths: ["kind"], isAppendOnly: true)
        let sample = IndexFileSample(documents, of: schema, ids: ["x", "y", "z"])
        let line = Array((Self.headerOfFormatTwo + "\n").utf8)
        let file = line + Array(repeating: 0, count: 4280 + 8 - line.count)
        let error = #expect(throws: StorageError.self) { try sample.index(file) }
        #expect(error == .corrupt(Corruption(path: "x.idx", reason: .index(.otherFormat))))
    }

    /// The bytes on disk are part of the format: a reader in Python that follows docs/FORMAT.md has verified and read
    /// these.
    @Test func bytesMatchTheDocumentation() throws {
        let documents = [#"{"kind":"a"}"#, #"{"kind":"b"}"#, #"{"kind":"a"}"#].map { Array($0.utf8) }
        let schema = IndexSchema(log: "events", paths: ["kind"], isAppendOnly: true)
        let file = IndexFileSample(documents, of: schema, ids: ["x", "y", "z"]).file
        let line = file.prefix { $0 != UInt8(ascii: "\n") }
        #expect(String(decoding: line, as: UTF8.self) == Self.documentedHeader)
        #expect(file[line.count..<4096].allSatisfy { $0 == 0 || $0 == UInt8(ascii: "\n") })
        #expect(Hexadecimal.text(Array(file[4096...])) == Self.documentedBody)
    }

    @Test func publishedFileIsOpened() throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data")
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(300, of: .things, &generator)
        let published = try MappedIndex.publish(
            sample.file,
            at: "data/1.idx",
            of: sample.segment,
            sample.schema,
            on: disk
        )
        let opened = try MappedIndex.open("data/1.idx", of: sample.segment, sample.schema, on: disk)
        #expect(published.byteCount == Int64(sample.file.count) && opened.byteCount == published.byteCount)
        for row in 0..<300 { #expect(try opened.pointer(of: row) == published.pointer(of: row)) }
    }

    @Test func fullDiskKeepsTheIndexInMemory() throws {
        let disk = FaultDisk()
        try disk.ensureDirectory("data")
        disk.byteCountMax = 5_000
        var generator = SeededGenerator()
        let sample = IndexFileSample.random(300, of: .things, &generator)
        let index = try MappedIndex.publish(sample.file, at: "data/1.idx", of: sample.segment, sample.schema, on: disk)
        #expect(try index.pointer(of: 299) == sample.pointer(of: 299))
        #expect(throws: StorageError.self) {
            try MappedIndex.open("data/1.idx", of: sample.segment, sample.schema, on: disk)
        }
    }
}

extension IndexFileTests {
    /// Three documents with the ids `x`, `y`, `z`, whose `kind` is `a`, `b`, `a`.
    private static let documentedHeader = #"""
        {"format":3,"log":"events","first":1,"generation":0,"records":3,"content_xxh3_128":"0011223344556677\#
        8899aabbccddeeff","events":true,"id_seed":"0123456789abcdef","min_id":"x","max_id":"z","min_at":"197\#
        0-01-01T00:00:00.000000Z","max_at":"1970-01-01T00:00:00.002000Z","ascending":true,"sections":[{"name\#
        ":"offsets","offset":4096,"bytes":24,"count":4,"parts":[24]},{"name":"committed_at","offset":4120,"b\#
        ytes":22,"count":3,"parts":[22]},{"name":"ids","offset":4144,"bytes":51,"count":3,"parts":[18,6,19]}\#
        ,{"name":"field","path":"kind","offset":4200,"bytes":76,"count":2,"parts":[18,4,18,20],"rows":3,"ove\#
        rlaps":false}],"blocks":{"bytes":4096,"offset":4280,"count":1,"xxh3":"82f84f6778181e39"},"xxh3":"536\#
        3ce603c136c13"}
        """#

    private static let documentedBody = """
        0000000000000000021000000000000000002c0159028703000000000000000002100000000000000000e803d00700000000\
        00000000000001100000000000000003000000000000a4805bff706b00000000000000000000011000000000000000010200\
        0000000002000000000000000110000000000000000200000000000007610762000000000000000000000000011000000000\
        000000030000000000003a3000000100000000000100100000000000020000000000562c0ea0f69e70f6
        """

    private static let headerOfFormatTwo = #"""
        {"format":2,"log":"events","first":1,"generation":0,"records":3,"content_xxh3_128":"0011223344556677\#
        8899aabbccddeeff","events":true,"min_id":"x","max_id":"z","min_at":"1970-01-01T00:00:00.000000Z","ma\#
        x_at":"1970-01-01T00:00:00.002000Z","ascending":true,"sections":[{"name":"offsets","offset":4096,"by\#
        tes":24,"count":4,"parts":[24]},{"name":"committed_at","offset":4120,"bytes":22,"count":3,"parts":[2\#
        2]},{"name":"ids","offset":4144,"bytes":51,"count":3,"parts":[18,6,19]},{"name":"field","path":"kind\#
        ","offset":4200,"bytes":76,"count":2,"parts":[18,4,18,20],"rows":3,"overlaps":false}],"blocks":{"byt\#
        es":4096,"offset":4280,"count":1,"xxh3":"e20a8577c2672820"},"xxh3":"48650d2a7efb3a77"}
        """#
}
