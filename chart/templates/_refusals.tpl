{{/* What values.schema.json cannot say: values that are wrong together. All of them are told at once, each with its name. */}}
{{- define "cnpg-mcp.refusals" -}}
{{- $wrong := list -}}
{{- if not .Values.image.repository -}}
{{- $wrong = append $wrong "image.repository is empty: name the image, without its tag" -}}
{{- end -}}
{{- range $name, $what := dict "issuer" "the address of the identity provider" "audience" "what its tokens are for (with Auth0, the identifier of the API)" "clientId" "the server's client at the provider" -}}
{{- if not (get $.Values.oidc $name) -}}
{{- $wrong = append $wrong (printf "oidc.%s is empty: give %s" $name $what) -}}
{{- end -}}
{{- end -}}

{{- if and .Values.oidc.scopes (not (has "openid" .Values.oidc.scopes)) -}}
{{- $wrong = append $wrong "oidc.scopes lacks openid, without which the provider does not tell who somebody is" -}}
{{- end -}}
{{- with .Values.ingress -}}
{{- if and .enabled (not .host) -}}
{{- $wrong = append $wrong "ingress.host is empty: the Ingress needs a host name" -}}
{{- end -}}
{{- end -}}
{{- with .Values.httpRoute -}}
{{- if and .enabled (not .hostnames) -}}
{{- $wrong = append $wrong "httpRoute.hostnames is empty: the HTTPRoute needs a host name" -}}
{{- end -}}
{{- if and .enabled (not .parentRefs) -}}
{{- $wrong = append $wrong "httpRoute.parentRefs is empty: name the Gateway" -}}
{{- end -}}
{{- end -}}
{{- if not .Values.publicUrl -}}
{{- if and .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- $wrong = append $wrong "publicUrl is empty, and ingress and httpRoute are both enabled: say which address clients use, or disable one" -}}
{{- else if not (or .Values.ingress.enabled .Values.httpRoute.enabled) -}}
{{- $wrong = append $wrong "publicUrl is empty, and neither ingress nor httpRoute is enabled: say under which address clients reach the server" -}}
{{- end -}}
{{- end -}}

{{- if not (include "cnpg-mcp.usesRedis" .) -}}
{{- $redis := "needs sessions in Redis (sessionStore.redis.url or sessionStore.redis.existingSecret.name): without, they live in the memory of one pod" -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- $wrong = append $wrong (printf "replicaCount is %d, which %s" (int .Values.replicaCount) $redis) -}}
{{- end -}}
{{- range list "autoscaling" "podDisruptionBudget" "topologySpread" -}}
{{- if (get $.Values .).enabled -}}
{{- $wrong = append $wrong (printf "%s.enabled %s" . $redis) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.sessionStore.redis -}}
{{- if contains "@" .url -}}
{{- $wrong = append $wrong "sessionStore.redis.url has a user or a password in it, and a ConfigMap is no place for that: put the address into a Secret and name it in sessionStore.redis.existingSecret.name" -}}
{{- else if not (regexMatch "^(rediss?://[^\\s/]+(/[0-9]*)?)?$" .url) -}}
{{- $wrong = append $wrong "sessionStore.redis.url is no address of Redis: write redis://HOST:PORT/DATABASE, with TLS rediss://…" -}}
{{- end -}}
{{- if and .url .existingSecret.name -}}
{{- $wrong = append $wrong "sessionStore.redis.url and sessionStore.redis.existingSecret.name both say where Redis is: give one of them" -}}
{{- end -}}
{{- range $name := list "caFile" "prefix" -}}
{{- if and (get $.Values.sessionStore.redis $name) (not (include "cnpg-mcp.usesRedis" $)) -}}
{{- $wrong = append $wrong (printf "sessionStore.redis.%s is given, and no Redis" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- $wrong = append $wrong (printf "autoscaling.minReplicas is %d, more than autoscaling.maxReplicas, which is %d" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}

{{- if and (has "all" .Values.toolsets) (gt (len .Values.toolsets) 1) -}}
{{- $wrong = append $wrong "toolsets: all has the others in it; give it alone" -}}
{{- else -}}
{{- range .Values.toolsets -}}
{{- if not (or (eq . "all") ($.Files.Get (printf "files/rbac/toolset-%s.yaml" .))) -}}
{{- $wrong = append $wrong (printf "toolsets: there is no %s; there are %s, and all" . (include "cnpg-mcp.knownToolsets" $)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.rbac.clusterWide .Values.rbac.targetNamespaces -}}
{{- $wrong = append $wrong "rbac.clusterWide and rbac.targetNamespaces: give one of them" -}}
{{- end -}}
{{- with .Values.impersonation -}}
{{- if and .subjects (not .enabled) -}}
{{- $wrong = append $wrong "impersonation.subjects is for impersonation.enabled: without, the server's own account has the rights" -}}
{{- end -}}
{{- if and .groups (not .groupsClaim) -}}
{{- $wrong = append $wrong "impersonation.groups is given, and impersonation.groupsClaim is empty: no groups are impersonated then" -}}
{{- end -}}
{{- if and .enabled (not .prefix) (or (not .users) (and .groupsClaim (not .groups))) -}}
{{- $wrong = append $wrong "impersonation.prefix is empty: a token could then name any user or group of the cluster, system:masters among them; give a prefix, or list all in impersonation.users and impersonation.groups" -}}
{{- end -}}
{{- end -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) 25 -}}
{{- $wrong = append $wrong (printf "terminationGracePeriodSeconds is %d: running calls get 20 seconds, and ending takes up to 4 more; give 25 or more" (int .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- with .Values.metrics -}}
{{- if and .podMonitor.enabled (not .enabled) -}}
{{- $wrong = append $wrong "metrics.podMonitor.enabled needs metrics.enabled: there is nothing to look at" -}}
{{- end -}}
{{- if and .enabled (has (int .port) (list 3000 3001 4203 4204)) -}}
{{- $wrong = append $wrong (printf "metrics.port is %d: that port, or the next one, is a server's own" (int .port)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.testSidecar.enabled (eq (int .Values.service.port) (int .Values.service.testPort)) -}}
{{- $wrong = append $wrong "service.testPort is the same as service.port" -}}
{{- end -}}

{{- if $wrong -}}
{{- fail (printf "\n\nThe values do not fit:\n\n  - %s\n" (join "\n  - " $wrong)) -}}
{{- end -}}
{{- end }}
