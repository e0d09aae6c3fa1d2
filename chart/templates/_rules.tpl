{{/* The rights that the offered tools need: files/rbac/ has them, as codegen works them out from the steps of the tools. */}}

{{/* Files that together are the rights of the offered tools. */}}
{{- define "cnpg-mcp.roleFiles" -}}
{{- $ending := "" -}}
{{- if .Values.readOnly }}{{ $ending = "read-only" }}{{ else if .Values.disableDestructive }}{{ $ending = "no-destructive" }}{{ end -}}
{{- $files := list -}}
{{- if has "all" .Values.toolsets -}}
{{- $files = list (printf "files/rbac/%s.yaml" ($ending | default "all-tools")) -}}
{{- else -}}
{{- range .Values.toolsets -}}
{{- $files = append $files (printf "files/rbac/toolset-%s%s.yaml" . (ternary "" (printf "-%s" $ending) (empty $ending))) -}}
{{- end -}}
{{- end -}}
{{ toJson $files }}
{{- end }}

{{/* Toolsets that there are, for a refusal. */}}
{{- define "cnpg-mcp.knownToolsets" -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "files/rbac/toolset-*.yaml" -}}
{{- $name := base $path | trimPrefix "toolset-" | trimSuffix ".yaml" -}}
{{- if not (regexMatch "-(read-only|no-destructive)$" $name) }}{{ $names = append $names $name }}{{ end -}}
{{- end -}}
{{ join ", " $names }}
{{- end }}

{{/* Their rules, each resource once. Takes a map: `root`; `of`, which is `all`, or `namespaces` for what is in namespaces,
or `cluster` for what is in none. */}}
{{- define "cnpg-mcp.rules" -}}
{{- $root := .root -}}
{{- $clusterScoped := ($root.Files.Get "files/rbac/cluster-scoped.yaml" | fromYaml).resources -}}
{{- $verbs := dict -}}
{{- range include "cnpg-mcp.roleFiles" $root | fromJsonArray -}}
{{- range ($root.Files.Get . | fromYaml).rules -}}
{{- $rule := . -}}
{{- range $group := .apiGroups -}}
{{- range $resource := $rule.resources -}}
{{- $key := printf "%s/%s" $group $resource -}}
{{- $_ := set $verbs $key (concat (get $verbs $key | default list) $rule.verbs | uniq) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $of := .of -}}
{{- range $key := keys $verbs | sortAlpha }}
{{- if or (eq $of "all") (eq (has $key $clusterScoped) (eq $of "cluster")) }}
{{- $parts := splitn "/" 2 $key }}
- apiGroups: [{{ $parts._0 | quote }}]
  resources: [{{ $parts._1 | quote }}]
  verbs: {{ get $verbs $key | sortAlpha | toJson }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who gets them: the server's account, or, where it calls as the person, the persons. */}}
{{- define "cnpg-mcp.roleSubjects" -}}
{{- if .Values.impersonation.enabled -}}
{{- range .Values.impersonation.subjects }}
- apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name | quote }}
{{- end }}
{{- else -}}
{{ include "cnpg-mcp.accountSubject" . }}
{{- end }}
{{- end }}

{{- define "cnpg-mcp.accountSubject" -}}
- kind: ServiceAccount
  name: {{ include "cnpg-mcp.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
