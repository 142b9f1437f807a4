import Disk
import Index
import JSON
import NIOConcurrencyHelpers
import QuerySamples
import Store
import TestSupport

/// A store on a disk in memory, with the schemas that the tests of this target share.
struct StoreFixture: Sendable {
    /// Documents that are replaced and deleted.
    static let things = CollectionSchema(
        name: "things",
        key: "thing_id",
        indexes: QuerySample.indexedPaths,
        isAppendOnly: false
    )
    /// Events: only ever inserted.
    static let events = CollectionSchema(
        name: "events",
        key: "event_id",
        indexes: QuerySample.indexedPaths,
        isAppendOnly: true
    )

    var segmentByteCountMax: Int64 = 2_000
    var eventRetention: Retention?
    var reserveByteCount: Int64?
    private let time = NIOLockedValueBox(Int64(1_780_000_000_000_000))

    /// Opens a store whose clock advances by a microsecond at every call.
    func open(_ disk: any Disk, in directory: String = "data") throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = segmentByteCountMax
        options.retention["events"] = eventRetention
        options.reserveByteCount = reserveByteCount
        return try Store.open(directory, schemas: [Self.things, Self.events], options: options, on: disk) { [time] in
            Timestamp(
                microseconds: time.withLockedValue {
                    $0 += 1
                    return $0
                }
            )
        }
    }
}

extension Filter {
    init(_ parameters: [QueryParameter]) {
        self.init(parameters.map(\.condition))
    }

    /// Returns the filter of documents whose field equals a value, as in a URL.
    static func equal(_ path: FieldPath, _ value: String) -> Filter {
        Filter([Condition(path, .equal(value))])
    }
}

extension Document {
    /// The document, parsed.
    var json: JSON {
        get throws { try JSON(parsing: bytes) }
    }
}
