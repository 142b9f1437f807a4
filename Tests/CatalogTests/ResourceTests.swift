import JSON
import Store
import Testing

@testable import Catalog

struct ResourceTests {
    @Test func namesAreUnique() {
        #expect(Set(Resource.schemas.map(\.name)).count == Resource.schemas.count)
    }

    @Test(arguments: Resource.all)
    func theKeyComesFirst(_ resource: Resource) {
        #expect(resource.fields.first == .optional(resource.key, .identifier))
    }

    @Test(arguments: Resource.all)
    func fieldNamesAreUnique(_ resource: Resource) {
        let names = resource.fields.map(\.name) + Resource.stamps
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: Resource.all)
    func indexedPathsAreUnique(_ resource: Resource) {
        #expect(Set(resource.schema.indexes).count == resource.schema.indexes.count)
    }

    /// A source or an alias that names no field would silently do nothing.
    @Test(arguments: Resource.all)
    func everyPathBeginsWithAField(_ resource: Resource) {
        let paths = resource.fields.flatMap(\.sources) + resource.aliases.values.map { FieldPath($0) }
        for path in paths {
            #expect(resource.fields.contains { $0.name == path.components.first }, "\(resource.name): \(path)")
        }
    }

    @Test(arguments: Resource.all)
    func anAliasHidesNoField(_ resource: Resource) {
        for alias in resource.aliases.keys {
            #expect(!resource.fields.contains { $0.name == alias }, "\(resource.name): \(alias)")
        }
    }

    @Test func aNodeReferenceIsIndexedByItsMembers() {
        let paths = Resource.statuses.schema.indexes.map(\.text)
        #expect(Set(paths).isSuperset(of: ["sender.name", "sender.role", "sender.client_id", "sender.combiner_id"]))
        #expect(!paths.contains("sender"))
    }

    @Test func eventsAreAppendOnly() {
        let events = Resource.all.filter(\.schema.isAppendOnly).map(\.name)
        #expect(events == ["attributes", "statuses", "metrics", "telemetry", "validations"])
    }

    @Test(arguments: Resource.all)
    func anEventIsNeverDeleted(_ resource: Resource) {
        #expect(!(resource.isAppendOnly && resource.operations.contains(.delete)))
    }
}

extension Resource: CustomTestStringConvertible {
    public var testDescription: String { name }
}
