import JSON
import QuerySamples
import SegmentLog
import TestSupport
import Testing

@testable import Index

/// Compares the results of an index with those of the documents.
struct SegmentIndexTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    /// Random documents and conditions; queries use only a part of the rows, as for a query that began earlier.
    @Test func rowsMatchTheDocuments() throws {
        var generator = SeededGenerator()
        for _ in 0..<20 {
            let documents = (0..<100).map { row in
                var document = QuerySample.document(&generator)
                document["thing_id"] = .string(["10", "x", "2026-11-23", "id-\(row)"][min(row, 3)])
                return document.bytes
            }
            let index = Self.index(of: documents)
            for _ in 0..<100 {
                let rowCount = Int.random(in: 0...100, using: &generator)
                let parameters = QuerySample.parameters(&generator, ids: ["10", "x", "id-4", "2026-11-23T00:00:00Z"])
                for condition in parameters.map(\.condition) where condition.path != .committedAt {
                    let expected = documents.indices.prefix(rowCount).filter { row in
                        documents[row].withUnsafeBytes { condition.holds(in: $0) }
                    }
                    let note: Comment = "\(Self.seed) \(condition) below \(rowCount)"
                    if let count = index.count(passing: condition, below: rowCount) {
                        #expect(count == expected.count, note)
                    }
                    let match = index.rows(passing: condition, below: rowCount)
                    guard let found = match.rows(below: rowCount) else { continue }
                    #expect(found == expected, note)
                }
            }
        }
    }

    /// In the order of the log and, because replaced documents keep their time, out of order.
    @Test(arguments: [[1, 2, 3, 4, 5, 6], [1, 3, 2, 6, 4, 5], [6, 5, 4, 3, 2, 1], []] as [[Int64]])
    func rowsMatchTheirTimes(_ moments: [Int64]) {
        let index = Self.index(of: moments.map { _ in Array("{}".utf8) }, committedAt: moments)
        for operand in 0...7 {
            let text = Timestamp(microseconds: Int64(operand)).description
            let tests: [(String, (Int64, Int64) -> Bool)] = [
                ("", ==), ("ne", !=), ("lt", <), ("lte", <=), ("gt", >), ("gte", >=),
            ]
            for (suffix, holds) in tests {
                let condition = Condition("committed_at", .named(suffix, Operand(text: text)))
                let found = index.rows(passing: condition, below: moments.count).rows(below: moments.count)
                let expected = moments.indices.filter { holds(moments[$0], Int64(operand)) }
                #expect(found == expected, "\(moments) \(suffix) \(text)")
            }
        }
    }

    private static func index(of documents: [[UInt8]], committedAt: [Int64]? = nil) -> MemoryIndex {
        let schema = IndexSchema.things
        let index = MemoryIndex(segment: SegmentID(first: 1), schema: schema)
        for (row, document) in documents.enumerated() {
            let id = document.withUnsafeBytes { JSONScanner.first("thing_id", of: $0)?.string } ?? "id-\(row)"
            index.append(
                IndexRow(
                    id: Text(id),
                    pointer: RecordPointer(segment: index.segment, offset: UInt32(row), byteCount: 1),
                    committedAt: Timestamp(microseconds: committedAt?[row] ?? Int64(row)),
                    values: document.withUnsafeBytes { bytes in schema.paths.map { FieldValue($0, in: bytes) } }
                )
            )
        }
        return index
    }
}
