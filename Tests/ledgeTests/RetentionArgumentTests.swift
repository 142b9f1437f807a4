import Control
import Store
import Testing

@testable import ledge

struct RetentionArgumentTests {
    @Test(arguments: [
        ("age:90s", RetentionArgument.Rule.age(.seconds(90))), ("age:5m", .age(.seconds(300))),
        ("age:36h", .age(.seconds(129_600))), ("age:30d", .age(.seconds(2_592_000))),
        ("age:2y", .age(.seconds(63_072_000))), ("age:1000y", .age(.seconds(31_536_000_000))),
        ("bytes:10GiB", .bytes(10 << 30)), ("bytes:1", .bytes(1)), ("count:1000000", .count(1_000_000)),
    ])
    func ruleIsParsedWithItsUnit(_ text: String, _ rule: RetentionArgument.Rule) throws {
        let argument = try RetentionArgument(parsing: "telemetry=\(text)")
        #expect(argument.collection == "telemetry")
        #expect(argument.rules == [rule])
    }

    @Test(arguments: [
        "", "telemetry", "telemetry=", "=age:1d", "telemetry=age", "telemetry=age:", "telemetry=age:0d",
        "telemetry=age:-1d", "telemetry=age:1", "telemetry=age:1w", "telemetry=age:1001y",
        "telemetry=age:9223372036854775807y", "telemetry=bytes:0", "telemetry=bytes:many", "telemetry=count:0",
        "telemetry=count:1k", "telemetry=count:1,", "telemetry=,count:1", "telemetry=size:1", "telemetry=count:1:2",
        "telemetry=keep-ancestors", "models=age:1d", "models=bytes:1", "models=count:0", "models=keep-ancestors",
        "models=count:1,keep-ancestors:2", "packages=age:1d", "packages=count:1,keep-ancestors",
    ])
    func malformedRuleIsRejected(_ text: String) {
        #expect(throws: (any Error).self) { try RetentionArgument(parsing: text) }
    }

    @Test func collectionsOfDocumentsHaveNoRetention() {
        let error = #expect(throws: (any Error).self) { try RetentionArgument(parsing: "clients=age:1d") }
        let names = "attributes, metrics, statuses, telemetry, validations"
        #expect(error.map { "\($0)" }?.contains(names) == true, "it names those that can")
    }

    @Test func artifactsAreKeptByNumber() throws {
        let texts = ["models=count:9", "packages=count:2", "models=count:20,keep-ancestors", "telemetry=count:5"]
        let arguments = try texts.map { try RetentionArgument(parsing: $0) }
        #expect(arguments.models == ModelRetention(countMax: 20, keepsAncestors: true))
        #expect(arguments.packageCountMax == 2)
        #expect(arguments.events == ["telemetry": Retention(documentCountMax: 5)])
        #expect([RetentionArgument]().models == nil)
    }

    @Test func lastRuleOfAKindIsUsed() throws {
        let arguments = try ["telemetry=age:1d,bytes:1MiB", "statuses=count:5", "telemetry=count:7,age:2d"].map {
            try RetentionArgument(parsing: $0)
        }
        #expect(
            arguments.events == [
                "telemetry": Retention(ageMax: .seconds(172_800), byteCountMax: 1 << 20, documentCountMax: 7),
                "statuses": Retention(documentCountMax: 5),
            ]
        )
    }
}
