/// The conditions a document must pass, all of them; without any, every document passes.
package struct Filter: Sendable, Hashable {
    package var conditions: [Condition]

    package init(_ conditions: [Condition] = []) {
        self.conditions = conditions
    }
}
