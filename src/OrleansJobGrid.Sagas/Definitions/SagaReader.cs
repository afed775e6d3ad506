using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Sagas.Definitions;

/// <summary>Reads definitions from JSON or YAML. All faults are told at once, each with its line and column.</summary>
public sealed partial class SagaReader
{
    /// <summary>Most steps of a definition.</summary>
    public const int MaxSteps = 500;

    private const int MaxText = 128 << 10;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(7);
    private static readonly string[] Actions = ["job", "http", "signal", "delay", "saga"];

    private readonly List<SagaFault> _faults = [];

    private SagaReader()
    {
    }

    /// <summary>Reads a definition.</summary>
    /// <param name="text">JSON or YAML, at most 128 KB.</param>
    /// <param name="faults">What is wrong, in the order of the text; empty where it is right.</param>
    /// <returns>Null where something is wrong.</returns>
    public static SagaDefinition? Read(string text, out IReadOnlyList<SagaFault> faults)
    {
        ArgumentNullException.ThrowIfNull(text);
        var reader = new SagaReader();
        SagaDefinition? definition = null;
        if (text.Length > MaxText)
            reader._faults.Add(new(1, 1, "", $"has {text.Length} characters, {MaxText} are allowed: move large values into the saga's input or into artefacts."));
        else if (SagaText.Parse(text, reader._faults, out var read) is var root && read)
            definition = reader.Definition(root);
        faults = [.. reader._faults.OrderBy(f => f.Line).ThenBy(f => f.Column)];
        return faults.Count == 0 ? definition : null;
    }

    /// <summary>
    /// Reads a submission: <c>{definition, input, id, customer_id}</c>, or <c>{saga, version, input, …}</c> for a registered definition; a definition alone
    /// is a submission without an input.
    /// </summary>
    /// <param name="text">JSON or YAML, at most 192 KB.</param>
    /// <param name="faults">What is wrong, in the order of the text; empty where it is right.</param>
    /// <returns>Null where something is wrong.</returns>
    /// <param name="files">Also <c>files</c>: paths of this machine by name, each one or a list, which become artefacts of the input.</param>
    public static SagaRequest? ReadRequest(string text, out IReadOnlyList<SagaFault> faults, bool files = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var reader = new SagaReader();
        SagaRequest? request = null;
        if (text.Length > MaxText * 3 / 2)
            reader._faults.Add(new(1, 1, "", $"has {text.Length} characters, {MaxText * 3 / 2} are allowed: move large values into artefacts."));
        else if (SagaText.Parse(text, reader._faults, out var read) is var root && read)
            request = reader.Request(root, files);
        faults = [.. reader._faults.OrderBy(f => f.Line).ThenBy(f => f.Column)];
        return faults.Count == 0 ? request : null;
    }

    private SagaRequest? Request(SagaText root, bool takesFiles)
    {
        if (root.Fields.Any(f => f.Name == "steps"))
            return Definition(root) is { } alone ? new(alone, null, null, null, null, null) : null;
        var fields = new Fields(this, root, "", ["definition", "saga", "version", "input", "id", "customer_id", .. takesFiles ? ["files"] : (string[])[]]);
        if (!fields.IsObject)
            return null;
        var definition = fields.Find("definition") is { } given ? Definition(given) : null;
        var name = fields.Find("saga") is null ? null : fields.Name("saga", NameRule(), "the name of a registered saga");
        if ((fields.Find("definition") is null) == (fields.Find("saga") is null))
            Fault(root, "definition", "or saga is needed, and one of them alone: a definition, or the name of a registered one.");
        if (fields.Find("version") is { } version && name is null)
            Fault(version, "version", "is that of a registered saga; leave it out.");
        var id = fields.Find("id") is null ? null : fields.Name("id", IdRule(), "1 to 100 of A-Z a-z 0-9 . _ : -");
        return new(definition, name, fields.Whole("version", 1, int.MaxValue), fields.Find("input")?.ToJson(), id, fields.Text("customer_id")) { Files = FilesOf(fields) };
    }

    private Dictionary<string, IReadOnlyList<SagaFile>> FilesOf(Fields request)
    {
        var files = new Dictionary<string, IReadOnlyList<SagaFile>>(StringComparer.Ordinal);
        if (request.Find("files") is not { } given || !new Fields(this, given, "files").IsObject)
            return files;
        if (request.Find("input") is { Kind: not JsonValueKind.Object } input)
            Fault(input, "input", $"is {input.KindName}; files go into an object.");
        foreach (var (name, at, value) in given.Fields)
        {
            var paths = value.Kind == JsonValueKind.Array ? value.Items : [value];
            if (request.Find("input")?.Fields.Any(f => f.Name == name) == true)
                Fault(at, $"files.{name}", "is also in input; name them apart.");
            if (paths.FirstOrDefault(p => p.Kind != JsonValueKind.String) is { } wrong)
                Fault(wrong, $"files.{name}", "is no path, and no list of paths.");
            else
                files[name] = [.. paths.Select(p => new SagaFile(p.Text!, p.Line, p.Column, value.Kind == JsonValueKind.Array))];
        }

        return files;
    }

    private SagaDefinition? Definition(SagaText root)
    {
        var fields = new Fields(this, root, "", "name", "description", "timeout", "on_failure", "steps", "output");
        if (!fields.IsObject)
            return null;
        var name = fields.Name("name", NameRule(), "1 to 64 of A-Z a-z 0-9 . _ -");
        var steps = new List<(SagaText At, SagaStep Step)>();
        if (fields.Required("steps") is { } list)
            Steps(list, steps);
        Graph(steps);
        if (fields.Find("output") is { } output)
            Places(output, output.ToJson(), "output", [.. steps.Select(s => s.Step.Name)], false);
        return new()
        {
            Name = name ?? "",
            Description = fields.Text("description"),
            Timeout = fields.Duration("timeout", Longest) ?? TimeSpan.FromDays(7),
            OnFailure = fields.Policy() ?? FailurePolicy.Compensate,
            Steps = [.. steps.Select(s => s.Step)],
            Output = fields.Find("output")?.ToJson(),
            Json = root.ToJson()!.ToJsonString(),
        };
    }

    private void Steps(SagaText list, List<(SagaText At, SagaStep Step)> steps)
    {
        if (list.Kind != JsonValueKind.Object || list.Fields.Count is 0 or > MaxSteps)
        {
            Fault(list, "steps", $"is {list.KindName}{(list.Kind == JsonValueKind.Object ? $" of {list.Fields.Count} steps" : "")}; give an object of 1 to {MaxSteps} steps by their names.");
            return;
        }

        foreach (var (name, at, value) in list.Fields)
        {
            if (!StepRule().IsMatch(name))
                Fault(at, $"steps.{name}", "is no name of a step; give a letter and up to 47 of A-Z a-z 0-9 _ - after it.");
            if (Step(name, value) is { } step)
                steps.Add((at, step));
        }
    }

    private SagaStep? Step(string name, SagaText value)
    {
        var at = $"steps.{name}";
        var fields = new Fields(this, value, at, ["needs", "if", "for_each", "concurrency", "timeout", "retry", "on_failure", "compensate", .. Actions]);
        if (!fields.IsObject)
            return null;
        var action = Action(fields, value, at, Actions);
        if (fields.Find("concurrency") is { } concurrency && fields.Find("for_each") is null)
            Fault(concurrency, $"{at}.concurrency", "bounds the entries of for_each, which is not there; leave it out.");
        if (action is StepAction.Delay or StepAction.Signal && fields.Find("retry") is { } retry)
            Fault(retry, $"{at}.retry", "is not for waiting; leave it out.");
        if (action is StepAction.Delay && fields.Find("timeout") is { } limit)
            Fault(limit, $"{at}.timeout", "is not for a delay; leave it out.");
        return new()
        {
            Name = name,
            Action = action ?? new StepAction.Delay(TimeSpan.Zero),
            Needs = fields.Names("needs"),
            If = fields.Text("if"),
            ForEach = fields.Find("for_each")?.ToJson(),
            Concurrency = fields.Whole("concurrency", 1, 1_000) ?? 10,
            Timeout = fields.Duration("timeout", Longest),
            Retry = Retry(fields, at, 1),
            OnFailure = fields.Policy(),
            Compensate = Compensation(fields, at),
        };
    }

    private Compensation? Compensation(Fields step, string at)
    {
        if (step.Find("compensate") is not { } value)
            return null;
        at += ".compensate";
        string[] actions = ["job", "http", "saga"];
        var fields = new Fields(this, value, at, ["retry", "timeout", .. actions]);
        if (!fields.IsObject || Action(fields, value, at, actions) is not { } action)
            return null;
        return new(action, Retry(fields, at, 5), fields.Duration("timeout", Longest));
    }

    private StepAction? Action(Fields fields, SagaText value, string at, string[] known)
    {
        var given = known.Where(a => fields.Find(a) is not null).ToList();
        if (given.Count != 1)
        {
            Fault(value, at, given.Count == 0 ? $"does nothing; give one of {string.Join(", ", known)}." : $"does {string.Join(" and ", given)}; give one of them.");
            return null;
        }

        var (name, action) = (given[0], fields.Find(given[0])!);
        at = $"{at}.{name}";
        switch (name)
        {
            case "job":
                return Job(action, at);
            case "http":
                return Http(action, at);
            case "signal":
                if (action.Kind == JsonValueKind.String && NameRule().IsMatch(action.Text!))
                    return new StepAction.Signal(action.Text!);
                Fault(action, at, $"is {action.KindName}; give the signal's name, 1 to 64 of A-Z a-z 0-9 . _ -.");
                return null;
            case "delay":
                return DurationOf(action, at, Longest) is { } delay ? new StepAction.Delay(delay) : null;
            default:
                var child = new Fields(this, action, at, "name", "version", "input");
                return child.IsObject && child.Name("name", NameRule(), "the name of a registered saga") is { } called
                    ? new StepAction.Saga(called, child.Whole("version", 1, int.MaxValue), child.Find("input")?.ToJson()) : null;
        }
    }

    private StepAction.Job? Job(SagaText action, string at)
    {
        if (action.Kind != JsonValueKind.Object)
        {
            Fault(action, at, $"is {action.KindName}; give a job as POST /api/jobs takes it.");
            return null;
        }

        if (!action.Fields.Any(f => f.Name == "service_required"))
            Fault(action, $"{at}.service_required", "is missing; name the service that does the job.");
        foreach (var (name, where, _) in action.Fields.Where(f => f.Name is "id" or "not_before"))
            Fault(where, $"{at}.{name}", name == "id" ? "is the saga's to give; leave it out." : "is not for steps; put a delay before it.");
        return new((JsonObject)action.ToJson()!);
    }

    private StepAction.Http? Http(SagaText action, string at)
    {
        var fields = new Fields(this, action, at, "method", "url", "headers", "body", "accept");
        if (!fields.IsObject)
            return null;
        var url = fields.Required("url") is { } given ? fields.TextOf(given, "url") : null;
        if (url is not null && !UrlRule().IsMatch(url))
            Fault(fields.Find("url")!, $"{at}.url", "is no address; give one that begins with http:// or https://, or /api/ for this grid's own.");
        var method = fields.Text("method") ?? "POST";
        if (!MethodRule().IsMatch(method))
            Fault(fields.Find("method")!, $"{at}.method", $"is '{method}'; give GET, POST, PUT, PATCH or DELETE.");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (fields.Find("headers") is { } list)
        {
            var named = new Fields(this, list, $"{at}.headers");
            foreach (var (name, where, value) in list.Fields)
            {
                if (named.TextOf(value, name) is not { } text)
                    continue;
                if (!HeaderRule().IsMatch(name) || name.Equals("Idempotency-Key", StringComparison.OrdinalIgnoreCase) || !headers.TryAdd(name, text))
                    Fault(where, $"{at}.headers.{name}", "is no name of a header that may be set here, or stands twice.");
            }
        }

        var accept = new List<int>();
        foreach (var code in fields.Find("accept") is { Kind: JsonValueKind.Array } codes ? codes.Items : [])
        {
            if (code.Kind == JsonValueKind.Number && int.TryParse(code.Scalar!.ToJsonString(), CultureInfo.InvariantCulture, out var status) && status is >= 100 and <= 599)
                accept.Add(status);
            else
                Fault(code, $"{at}.accept", "has something that is no status code from 100 to 599.");
        }

        if (fields.Find("accept") is { Kind: not JsonValueKind.Array } single)
            Fault(single, $"{at}.accept", $"is {single.KindName}; give a list of status codes.");
        return url is null ? null : new(method.ToUpperInvariant(), url, headers, fields.Find("body")?.ToJson(), accept);
    }

    private StepRetry Retry(Fields owner, string at, int attempts)
    {
        if (owner.Find("retry") is not { } value)
            return new(attempts);
        var fields = new Fields(this, value, $"{at}.retry", "attempts", "base_delay", "max_delay", "multiplier");
        if (!fields.IsObject)
            return new(attempts);
        double multiplier = 2;
        if (fields.Find("multiplier") is { } growth
            && !(growth.Kind == JsonValueKind.Number && double.TryParse(growth.Scalar!.ToJsonString(), CultureInfo.InvariantCulture, out multiplier) && multiplier is >= 1 and <= 10))
        {
            Fault(growth, $"{at}.retry.multiplier", "is not from 1 to 10.");
        }

        var retry = new StepRetry(fields.Whole("attempts", 1, 1_000) ?? attempts, fields.Duration("base_delay", LongestPause), fields.Duration("max_delay", LongestPause), multiplier);
        if (retry.BaseDelay > (retry.MaxDelay ?? TimeSpan.FromMinutes(5)))
            Fault(value, $"{at}.retry.base_delay", "is longer than max_delay (5m where it is not given).");
        return retry;
    }

    /// <summary>Each need is there, none comes back to itself, and templates name only what is done by then.</summary>
    private void Graph(List<(SagaText At, SagaStep Step)> steps)
    {
        var byName = steps.ToDictionary(s => s.Step.Name, s => s.Step, StringComparer.Ordinal);
        foreach (var (at, step) in steps)
        {
            foreach (var need in step.Needs.Where(n => !byName.ContainsKey(n)))
                Fault(at, $"steps.{step.Name}.needs", $"names '{need}', which is no step.");
            var before = Before(step, byName);
            if (before.Contains(step.Name))
            {
                Fault(at, $"steps.{step.Name}.needs", $"comes back to itself{Through(before.Where(n => n != step.Name && Before(byName[n], byName).Contains(step.Name)))}; take one of these needs out.");
                continue;
            }

            var each = step.ForEach is not null;
            Places(at, step.ForEach, $"steps.{step.Name}.for_each", before, false);
            Places(at, step.If is null ? null : JsonValue.Create(step.If), $"steps.{step.Name}.if", before, false);
            Places(at, TemplatesOf(step.Action), $"steps.{step.Name}", before, each);
            if (step.Compensate is { } undo)
                Places(at, TemplatesOf(undo.Action), $"steps.{step.Name}.compensate", [.. before, step.Name], each, undoing: true);
        }
    }

    private static string Through(IEnumerable<string> steps) => string.Join(", ", steps.Order(StringComparer.Ordinal)) is { Length: > 0 } names ? $" by {names}" : "";

    private static JsonNode? TemplatesOf(StepAction action) => action switch
    {
        StepAction.Job job => job.Body,
        StepAction.Http http => new JsonArray([JsonValue.Create(http.Url), http.Body?.DeepClone(), .. http.Headers.Values.Select(v => (JsonNode?)JsonValue.Create(v))]),
        StepAction.Saga saga => saga.Input,
        _ => null,
    };

    private void Places(SagaText at, JsonNode? template, string field, IReadOnlyCollection<string> before, bool each, bool undoing = false)
    {
        foreach (var path in SagaTemplate.PathsOf(template).Distinct(StringComparer.Ordinal))
        {
            var words = PathWords().Matches(path).Select(m => m.Value).ToList();
            if (SagaTemplate.ErrorOf(path) is { } error)
                Fault(at, field, $"has {{{{{path}}}}}, which is no JSONPath: {error}");
            else if (words is not ["input" or "saga" or "steps" or "item" or "index" or "work", ..])
                Fault(at, field, $"has {{{{{path}}}}}, which begins with none of input, steps, saga, item, index, work.");
            else if (words[0] == "work" && !undoing)
                Fault(at, field, $"has {{{{{path}}}}}, which only what undoes a step knows.");
            else if (words[0] is "item" or "index" && !each)
                Fault(at, field, $"has {{{{{path}}}}}, and for_each alone gives an item: there is none here.");
            else if (words[0] == "steps" && (words.Count < 2 || !before.Contains(words[1])))
                Fault(at, field, $"has {{{{{path}}}}}, but {(words.Count < 2 ? "names no step" : $"step '{words[1]}' is not sure to be done by then: put it into needs")}.");
        }
    }

    private static HashSet<string> Before(SagaStep step, Dictionary<string, SagaStep> steps)
    {
        var before = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>(step.Needs);
        while (left.TryPop(out var name))
        {
            if (!steps.TryGetValue(name, out var needed) || !before.Add(name))
                continue;
            foreach (var next in needed.Needs)
                left.Push(next);
        }

        return before;
    }

    private TimeSpan? DurationOf(SagaText value, string at, TimeSpan longest)
    {
        var text = value.Kind switch { JsonValueKind.String => value.Text!, JsonValueKind.Number => value.Scalar!.ToJsonString() + "s", _ => "" };
        var match = DurationRule().Match(text);
        if (match.Success && double.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var amount))
        {
            var seconds = amount * match.Groups[2].Value switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3_600, _ => 86_400 };
            if (seconds > 0 && seconds <= longest.TotalSeconds)
                return TimeSpan.FromSeconds(seconds);
        }

        Fault(value, at, $"is no duration up to {longest.TotalDays:0} days; give such as 500ms, 30s, 5m, 2h, 1d, or a number of seconds.");
        return null;
    }

    private void Fault(SagaText at, string field, string message) => _faults.Add(new(at.Line, at.Column, field, message));

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex NameRule();

    [GeneratedRegex("^[A-Za-z0-9._:-]{1,100}$")]
    private static partial Regex IdRule();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,47}$")]
    private static partial Regex StepRule();

    [GeneratedRegex("^(?i)(GET|POST|PUT|PATCH|DELETE)$")]
    private static partial Regex MethodRule();

    [GeneratedRegex(@"^(https?://|/api/|\{\{)")]
    private static partial Regex UrlRule();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
    private static partial Regex HeaderRule();

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)(ms|s|m|h|d)$")]
    private static partial Regex DurationRule();

    [GeneratedRegex("[A-Za-z0-9_-]+")]
    private static partial Regex PathWords();

    /// <summary>The fields of an object, each checked where it is asked for.</summary>
    private sealed class Fields
    {
        private readonly SagaReader _reader;
        private readonly SagaText _owner;
        private readonly string _at;

        public Fields(SagaReader reader, SagaText owner, string at, params string[] known)
        {
            (_reader, _owner, _at) = (reader, owner, at);
            IsObject = owner.Kind == JsonValueKind.Object;
            if (!IsObject)
                reader.Fault(owner, at, $"is {owner.KindName}; give an object.");
            if (known.Length == 0)
                return;
            foreach (var (name, where, _) in owner.Fields.Where(f => !known.Contains(f.Name)))
                reader.Fault(where, FieldOf(name), $"is not known; {(ClosestName.Of(name, known) is { } meant ? $"did you mean {meant}?" : $"known are {string.Join(", ", known)}.")}");
        }

        public bool IsObject { get; }

        public SagaText? Find(string name) => _owner.Fields.FirstOrDefault(f => f.Name == name).Value;

        public SagaText? Required(string name)
        {
            if (Find(name) is { } value)
                return value;
            _reader.Fault(_owner, FieldOf(name), "is missing.");
            return null;
        }

        public string? Text(string name) => Find(name) is { } value ? TextOf(value, name) : null;

        public string? TextOf(SagaText value, string name)
        {
            if (value.Kind == JsonValueKind.String)
                return value.Text;
            _reader.Fault(value, FieldOf(name), $"is {value.KindName}; give a text.");
            return null;
        }

        public string? Name(string name, Regex rule, string form)
        {
            if (Required(name) is not { } value || TextOf(value, name) is not { } text)
                return null;
            if (rule.IsMatch(text))
                return text;
            _reader.Fault(value, FieldOf(name), $"is '{text}'; give {form}.");
            return null;
        }

        public int? Whole(string name, int least, int most)
        {
            if (Find(name) is not { } value)
                return null;
            if (value.Kind == JsonValueKind.Number && int.TryParse(value.Scalar!.ToJsonString(), CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
                return number;
            _reader.Fault(value, FieldOf(name), $"is no whole number from {least} to {most}.");
            return null;
        }

        public TimeSpan? Duration(string name, TimeSpan longest) => Find(name) is { } value ? _reader.DurationOf(value, FieldOf(name), longest) : null;

        public IReadOnlyList<string> Names(string name)
        {
            if (Find(name) is not { } value)
                return [];
            var items = value.Kind == JsonValueKind.Array ? value.Items : [value];
            if (items.All(i => i.Kind == JsonValueKind.String))
                return [.. items.Select(i => i.Text!).Distinct(StringComparer.Ordinal)];
            _reader.Fault(value, FieldOf(name), "is no list of steps' names.");
            return [];
        }

        public FailurePolicy? Policy()
        {
            if (Find("on_failure") is not { } value)
                return null;
            switch (value.Kind == JsonValueKind.String ? value.Text : null)
            {
                case "compensate":
                    return FailurePolicy.Compensate;
                case "cancel_siblings":
                    return FailurePolicy.CancelSiblings;
                case "continue":
                    return FailurePolicy.Continue;
                case "hold":
                    return FailurePolicy.Hold;
                default:
                    _reader.Fault(value, FieldOf("on_failure"), "is none of compensate, cancel_siblings, continue, hold.");
                    return null;
            }
        }

        private string FieldOf(string name) => _at.Length == 0 ? name : $"{_at}.{name}";
    }
}
