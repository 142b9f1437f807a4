import Index
import JSON
import QuerySamples
import TestSupport
import Testing

@testable import Store

/// A random program changes a collection and a dictionary; after every step they are equal, with maintenance running in
/// between.
struct CollectionModelTests {
    /// The dictionary.
    private struct Model {
        var documents: [String: JSON] = [:]
        var ids: [String] = []

        mutating func store(_ document: Document) throws {
            if documents[document.id] == nil { ids.append(document.id) }
            documents[document.id] = try document.json
        }
    }

    @Test(arguments: 0..<8)
    func collectionMatchesADictionary(_ round: UInt64) async throws {
        var generator = SeededGenerator(seed: SeededGenerator.runSeed &+ round)
        let seed: Comment = "SEED=\(SeededGenerator.runSeed), round \(round)"
        let byteCount: Int64 = [500, 3_000, 1 << 20].randomElement(using: &generator) ?? 500
        let fixture = StoreFixture(segmentByteCountMax: byteCount)
        let disk = FaultDisk()
        var store = try fixture.open(disk)
        var model = Model()
        for step in 0..<250 {
            if Int.random(in: 0..<40, using: &generator) == 0 {
                try await store.close()
                store = try fixture.open(disk)
            }
            if Int.random(in: 0..<12, using: &generator) == 0 { try await store.maintain() }
            let things = store.collection("things")
            let id = "id-\(Int.random(in: 0..<25, using: &generator))"
            try await change(things, id, &model, &generator, seed)
            #expect(try things.get(id)?.json == model.documents[id], "\(seed), step \(step)")
            #expect(things.documentCount == model.documents.count, "\(seed), step \(step)")
            if step % 10 == 0 { try compare(things, model, &generator, seed) }
        }
    }

    /// Makes one random change of both.
    private func change(
        _ things: DocumentCollection,
        _ id: String,
        _ model: inout Model,
        _ generator: inout SeededGenerator,
        _ seed: Comment
    ) async throws {
        var object = QuerySample.document(&generator)
        let old = model.documents[id]
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: try model.store(try await things.insert(object))
        case 1...3:
            object["thing_id"] = .string(id)
            do {
                try model.store(try await things.insert(object))
                #expect(old == nil, seed)
            } catch let error as StoreError {
                #expect(error == .alreadyExists(id) && old != nil, seed)
            }
        case 4...5:
            object["thing_id"] = .string(id)
            let document = try await things.put(object)
            if let old { #expect(try document.json["committed_at"] == old["committed_at"], seed) }
            try model.store(document)
        case 6...7:
            let fresh = object
            do {
                let document = try await things.update(id) { stored in
                    var changed = stored
                    for (name, value) in fresh { changed[name] = value }
                    return changed
                }
                try model.store(document)
                #expect(try document.json["committed_at"] == old?["committed_at"], seed)
            } catch let error as StoreError {
                #expect(error == .notFound(id) && old == nil, seed)
            }
        default:
            do {
                try await things.delete(id)
                #expect(old != nil, seed)
            } catch {
                #expect(error == .notFound(id) && old == nil, seed)
            }
            model.documents[id] = nil
        }
    }

    private func compare(
        _ things: DocumentCollection,
        _ model: Model,
        _ generator: inout SeededGenerator,
        _ seed: Comment
    ) throws {
        let parameters = QuerySample.parameters(&generator, ids: model.ids)
        let expected = Oracle(documents: Array(model.documents.values)).matches(parameters)
        let query = Query(filter: Filter(parameters), ascending: true)
        let found = try things.list(query).documents.map { try $0.json }
        #expect(found == Oracle.sort(expected, by: "committed_at", ascending: true), "\(seed) \(query)")
        #expect(try things.count(query.filter) == expected.count, "\(seed) \(query)")
    }
}
