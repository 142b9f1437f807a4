import JSON
import QuerySamples
import SegmentLog
import TestSupport
import Testing

@testable import Index

/// Compares the results of an index file with those of the documents.
struct IndexFileQueryTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    @Test(arguments: [IndexSchema.things, .events])
    func rowsMatchTheDocuments(_ schema: IndexSchema) throws {
        var generator = SeededGenerator()
        for round in 0..<20 {
            let sample = IndexFileSample.random(100, of: schema, hasTombstones: round % 2 == 0, &generator)
            let (index, memory) = (try sample.index(), sample.memoryIndex)
            for _ in 0..<100 {
                let rowCount = Bool.random(using: &generator) ? 100 : Int.random(in: 0...100, using: &generator)
                for condition in QuerySample.parameters(&generator, ids: ["x"]).map(\.condition) {
                    try expectAgreement(sample, index, memory, condition, below: rowCount)
                }
            }
        }
    }

    /// Few rows with one value of each kind, so that all bounds of lists are tested.
    @Test(arguments: [IndexSchema.things, .events], 0...3)
    func smallIndexesAnswerEveryCondition(_ schema: IndexSchema, _ rowCount: Int) throws {
        let values: [JSON?] = [nil, .null, true, 1, "1", 1.5, "1.0", "idle", "2026-11-23", ["a", "b", "a"], [:], []]
        let pairs = values.indices.flatMap { first in values.indices.map { (first, $0) } }
        for (first, second) in pairs where rowCount > 1 || first == second {
            let documents = (0..<rowCount).map { row in
                var document: JSONObject = ["other": 1]
                document["kind"] = values[row % 2 == 0 ? first : second]
                return document.bytes
            }
            let sample = IndexFileSample(documents, of: schema)
            let (index, memory) = (try sample.index(), sample.memoryIndex)
            for operand in ["null", "true", "1", "1.0", "2", "idle", "a", "2026-11-23", "2026-11-24"] {
                for suffix in ["", "ne", "lt", "lte", "gt", "gte"] {
                    let condition = QueryParameter(path: "kind", suffix: suffix, value: operand).condition
                    for bound in max(0, rowCount - 1)...rowCount {
                        try expectAgreement(sample, index, memory, condition, below: bound)
                    }
                }
            }
        }
    }

    /// In the order of the log and, because replaced documents keep their time, out of order.
    @Test(
        arguments: [[1, 2, 3, 4, 5, 6], [2, 2, 2, 5, 5], [1, 3, 2, 6, 4, 5], [6, 5, 4, 3, 2, 1], [3], []] as [[Int64]]
    )
    func rowsMatchTheirTimes(_ moments: [Int64]) throws {
        let sample = IndexFileSample(moments.map { _ in Array("{}".utf8) }, of: .things, moments: moments)
        let (index, memory) = (try sample.index(), sample.memoryIndex)
        for operand in 0...7 as ClosedRange<Int64> {
            let value = Timestamp(microseconds: operand).description
            for suffix in ["", "ne", "lt", "lte", "gt", "gte"] {
                let condition = QueryParameter(path: "committed_at", suffix: suffix, value: value).condition
                for bound in 0...moments.count {
                    try expectAgreement(sample, index, memory, condition, below: bound)
                }
            }
        }
        for bound in 0...moments.count {
            let expected = moments.prefix(bound).min().map { ($0, moments.prefix(bound).max() ?? 0) }
            let range = try index.committedRange(below: bound)
            #expect(range?.lowerBound.microseconds == expected?.0 && range?.upperBound.microseconds == expected?.1)
        }
    }

    @Test(arguments: [IndexSchema.things, .events])
    func columnsAreInTheOrderOfValues(_ schema: IndexSchema) throws {
        var generator = SeededGenerator()
        var columnCount = 0
        for round in 0..<200 {
            let sample = IndexFileSample.random(round % 9, of: schema, &generator)
            let index = try sample.index()
            for path in schema.paths {
                let values = sample.documents.map { document in
                    document?.withUnsafeBytes { FieldValue(path, in: $0) }
                }
                let column = try index.column(of: path)
                let isPartial = values.contains { if case .many = $0 { true } else { false } }
                if isPartial { continue }
                columnCount += 1
                let contents = try #require(column, Self.seed).contents()
                for (left, right) in zip(contents, contents.dropFirst()) {
                    #expect(!right.value.precedes(left.value) && left.value != right.value, Self.seed)
                }
                for (value, rows) in contents {
                    #expect(rows == values.indices.filter { values[$0]?.sortValue == value }, Self.seed)
                }
                #expect(contents.reduce(0) { $0 + $1.rows.count } == values.count { $0 != nil }, Self.seed)
            }
            #expect(try index.column(of: "free") == nil)
        }
        #expect(columnCount > 100)
    }

    /// In a column, such a row would have several places, or none.
    @Test func rowWithSeveralValuesHasNoColumn() throws {
        for text in [#"{"kind":[1,2]}"#, #"{"kind":{}}"#, #"{"kind":[]}"#] {
            #expect(try IndexFileSample([Array(text.utf8)], of: .things).index().column(of: "kind") == nil)
        }
    }

    @Test func wholeListsNeedNoSet() throws {
        let sample = IndexFileSample((0..<9).map { _ in Array(#"{"kind":"a"}"#.utf8) }, of: .events)
        let index = try sample.index()
        let match = { (path: String, suffix: String, value: String) throws in
            let condition = QueryParameter(path: path, suffix: suffix, value: value).condition
            switch try index.rows(passing: condition, below: 9) {
            case .none: return "none"
            case .all: return "all"
            case .some: return "some"
            case .unknown: return "unknown"
            }
        }
        #expect(try match("kind", "", "a") == "all")
        #expect(try match("kind", "ne", "a") == "none")
        #expect(try match("kind", "", "b") == "none")
        #expect(try match("kind", "ne", "b") == "all")
        #expect(try match("kind", "gte", "a") == "all")
        #expect(try match("committed_at", "gte", "1970-01-01") == "all")
        #expect(try match("committed_at", "gt", "1970-01-02") == "none")
        #expect(try match("free", "", "a") == "unknown")
    }

    private func expectAgreement(
        _ sample: IndexFileSample,
        _ index: MappedIndex,
        _ memoryIndex: MemoryIndex,
        _ condition: Condition,
        below rowCount: Int
    ) throws {
        let expected = sample.rows(passing: condition, below: rowCount)
        let note: Comment = "\(Self.seed) \(condition) below \(rowCount)"
        if let found = try index.rows(passing: condition, below: rowCount).rows(below: rowCount) {
            // The rows may include tombstones.
            #expect(found.filter { sample.documents[$0] != nil } == expected, note)
        } else {
            #expect(!(sample.schema.paths + [.committedAt]).contains(condition.path), note)
        }
        if !sample.documents.contains(nil), let count = try index.count(passing: condition, below: rowCount) {
            #expect(count == expected.count, note)
        }
        // An index in memory returns the same.
        let memory = memoryIndex.rows(passing: condition, below: rowCount).rows(below: rowCount)
        #expect(memory?.filter { sample.documents[$0] != nil } == (memory == nil ? nil : expected), note)
    }
}
