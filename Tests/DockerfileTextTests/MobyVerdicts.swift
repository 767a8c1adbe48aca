/// Verdicts of moby/patternmatcher 0.5.0 and its reader of ignore files on random lists of patterns.
///
/// Each line: the list, then paths with + where they are left out and - where they are not. Bytes that are not plain are
/// written as in addresses.
let mobyVerdicts = #"""
  %E2%98%BA/[%C3%A9-%E2%98%BA]b !%20?/]b* ab/*/c/ [%C3%A9-%E2%98%BA] | +%C3%A9 -x/^ -A/a%20b%E2%98%BA/] -%FF
  /*.b[ab]b/x[ab] /**a**aa.b/x %20%20a%20%09 !%20x | +a/x -a%C3%A9/c -a%C3%A9!a/$ -$/%20/aab
  x/[%C3%A9-%E2%98%BA] x Aab/** /%C3%A9 | +%C3%A9 -^ -a*a^ -b]/ca/a%20b
  !/x !%20**a %20**a%09 | +%FF/[!a/- -a.b/[ -a*a.b --/c]/x
  a/[ab]/ ?/a** [%C3%A9-%E2%98%BA]**ab/**a | +a/a%20ba -a\%20/%E2%98%BA1/a] -%C3%A9/ba/a^ -[%E2%98%BA/[c/$aab
  !%20ba/abc x/../**/%E2%98%BA !x/** | +aab/%E2%98%BA/a.b -a%C3%A9%FF -] -c/abab/%20
  !a**/?abab a** | +a*!a +a%20b/a/.b%C3%A9 +a\/aa/!aa] -x!a/-c -].b/x/aab$ -%20%FF
  **aA/- [^a] | +%20 +%FF/!a/a* +]/a\/a*%20 -a^/ab%20 -%20^/a%20b/a.b -aba]/%E2%98%BA
  * !%20a** | +c +A/%E2%98%BA%FF/b +A/.b/.b -aab1/-] -a*[/-ba -a/$/%20
  * !%20x/../%E2%98%BA/** !/a/? !a**/** | +- +[/-[/- +%20a%C3%A9 -a.b/a.b -a%C3%A9aab -%E2%98%BA/!a
  ?**[ab] !%20%20c%09 | +ba +!a/%E2%98%BA -x/a* --/.b -a\aab/%FF1/b%FF
  !%20%20/*/ -/%20 | +-/]aab -a%C3%A9 -%E2%98%BA -aab%20
  !%20/xa.b !c/**/ a** | +ab/%FF +aab/a^/.b +a%20b^ -%C3%A9a\/.b/.b -xc -A/ba/aab
  ./[^a]/[^a] !%20b/ a.b%C3%A9 | +x/%FF/c -a%20bc/a]a.b/A -- -x
  c ?/b/A | +c/1/%E2%98%BA -%FF -a\%C3%A9/x -[/a%20b
  ? | +b/a^ +^ -aaba.b/a\/^ -a%20b/a]/ba -!a
  x/../%20 [%C3%A9-%E2%98%BA] %C3%A9 !%20%20b/[^a]%09 | +%C3%A9 -1/%E2%98%BAab -a.b/a^ -a]A/b%E2%98%BA/!a
  c/]a.b/[%C3%A9-%E2%98%BA] **/a !%20[%C3%A9-%E2%98%BA]/] !**-/[^a]Ax/ | +a -%E2%98%BA/a%C3%A9a.b -a*/b/%FF -.b/x
  /*.bcb !?**/*.b a.b | +a.b -b/x -%C3%A9a/ba[/x -^/%FF
  b/ x/../b/[^a]?/b %20/] | +b -a* -ba/.b%20/a\ -%E2%98%BA/-^
  ./ba/]a** a** !**a/** | +a^ +a%20b/1/ab +a\/A -^/1/]b -xx -1x/c/a\
  ? !%E2%98%BA/a** !%20[%C3%A9-%E2%98%BA]/A]c %20A/%20%C3%A9%09 | +%FF +1 +b -^a%20b/A -a.b -a\/ba
  %20%E2%98%BA%09 %20[%C3%A9-%E2%98%BA]x/[ab]%09 !****a**a | +%E2%98%BA -^/a/%FFa%20b -a.b -a*/[
  a a.b/ba/[%C3%A9-%E2%98%BA] | +a/^a -!aab -$/a.ba.b -%C3%A9/c]
  *.b/x ba/[^a]/[ab] x/../- x/../A/a.b | +-/^/^aab -baa*/a]/a\ -$/[/ba -a%C3%A9/%E2%98%BA/]
  %E2%98%BA ab/[ab]abx /a** ./[ab]/a**[%C3%A9-%E2%98%BA] | +a%20b.b -%FF%E2%98%BA/cc -%FFa\/!a/%FFx -A/a\
  *[%C3%A9-%E2%98%BA] c[^a]%20 | +1%C3%A9 +%C3%A9 -a%20b/%FF -ba/ba/%20 -a*/a%20b!a
  x/../ab**a**a/a** !%E2%98%BA - | +- -Aa%20b -A%E2%98%BA -a]/c/a%C3%A9%E2%98%BA
  [^a]/? ./ab/**a | +]/c -]!a -.b/a%C3%A9x -a\
  **a | +%FF/a^/ba +ba/%E2%98%BA/%FFc -%E2%98%BA/x -A/ca%C3%A9 -%FF
  ./cab**a ba/[ab]/] ./*[ab] | +!a/^ +aab.b/%FF +ba -^/ba -$/1 -]/c/a*
  [ab]abc [%C3%A9-%E2%98%BA] !-**aa | +%C3%A9/1 -%C3%A9$/A -c[/a\/1a* -a%C3%A9
  !/- A/c a**/? | +a%20ba%C3%A9/^/b1 +a*/ab/a\ -a.b/%FF.b -%FF^/a\/%C3%A9a%C3%A9 --c
  [a-c] %20]c/A%09 x%E2%98%BAab *.b | +c +c/-a%C3%A9 -1/a\x -a.bab -%FF%E2%98%BA/%E2%98%BA/aab
  **]ab/****[^a] x/../a** | +ab/a%C3%A91 +a%20b +a^/ab/ca -^b/a.b/$ -%E2%98%BA -][/aaab
  ./c/* %C3%A9 !%20A/?ab ? | +x/!a/%FF +a/%FF +c/^ -a] -!aa%C3%A9/a]/a\ -xa*
  cba [^a] | +%20 +%C3%A9/1-/- +%FF/^ -a.b]/aab/.b -a^/aab -Aa%C3%A9
  /b/x/?%20ab !a **a/ ./a | +!a%20/a\%E2%98%BA/ba --/a^ -x/.b$/b -x
  /%20/a*/-]c -/* | +-/ba!a -^ -%E2%98%BA%E2%98%BA -%FF
  **a A/[ab] | +ca/a%20b/1 +ba/1!a/c!a -a\x/x -a\ -a\/ba]
  !] a**/ | +a%20baab/%FF +a%C3%A9 +a -b/[ -%FF] -^/!aA/[
  **/A/ | +A -c/a.b -%E2%98%BAa]/ba.b -x/]/%FF
  ]/c/ a.b | +a.b/] -Aaab/aab/baaab -%20b -a%C3%A9
  **a %20/[^a] !%20%20bc/**%09 | +^/a\/%FF +1/a*/%FFb +^ -a.b%20 -a\/^/^ -aba]/.b-
  !%20* - %E2%98%BA%20c/[^a] | +-/x/a]b -^/ba -aab/b[ -a%C3%A9
  **a | +$/a/ba -^ -ba[ -%C3%A9/ab/aba]
  %C3%A9**a/ba **/a.b a** | +a.b/a%20b!a +a*a%C3%A9 +a*/%FF/a%20b -x -[- -.b
  %20[%C3%A9-%E2%98%BA]**a | +%E2%98%BA/a/%E2%98%BA -$ -aba^/$]/aab -aa%C3%A9
  %E2%98%BA/ [ab]/a** x | +%E2%98%BA/%E2%98%BAa*/cab -%C3%A9/a%20b -A -aba
  x/a.b a.b/%20 ? !A | +%20/ba.b +1/%20 +%20/a.b/$ -a*/[ -1c/a*ba/a]1 -%E2%98%BAa/%E2%98%BA/a%20bb
  x/../a%20[ab] !%20/b %20[ab]%09 | +a +a/x -$/!a -%FF/1 -Aaab/[/]
  !/[^a] x/../**a | +a +a/[%20/%FFa] -a]/a] -b -^/.b/a%C3%A91
  !./-]A **a A !%20a/ab | +A/.b +c/]/aabba +A -%C3%A9 -%C3%A9/^/[ -.b%20/A/[-
  [^a] | +%C3%A9/ba/aab +%20/[ +- -a%C3%A9.b/.b -aab$/A/!a] -a*a*/aab/a
  %C3%A9 ba | +%C3%A9/a^ -%E2%98%BA/ba/%FFb -a^a*/ba/a* -a%20bc/ba\
  !] [%C3%A9-%E2%98%BA] aab*.b | +%E2%98%BA/[1 -[ -a]/a/x -aab^
  !x/../ba ?/**a %20A/**a/*.b%20%09 | +[/a -b/a%20b%C3%A9/a*a\ -^/a]b/%C3%A9 -%FF
  ./[ab]*/%C3%A9 /a.b**a*.b/a**/a %20**/xab/x%09 x/../*.b | +a]]/%C3%A9/a^ +.b +a.b -[/%20 -ab$/%FFab -$/%C3%A9]
  %20?%09 | +x +^/x +%E2%98%BA/ba -%E2%98%BAaab/b/ba%20b -$%C3%A9/1 -a\/a\
  ![ab]**aA/a.b /?/[^a] | +]/1/aba* +^/%20 -!a -a^/ca.b -x/%FF.b
  %20-%09 %20[%C3%A9-%E2%98%BA][ab]a**%09 x/../%C3%A9%20ba/a | +- -!ac -a\ -1/b/.b
  !./x/]Aab/[ab] %20?/**%09 | +]/$ +[/.b[/$ +c/ba^ -a%20baab/a%20b -1 -ba*/%E2%98%BAa%20b
  %20*/a**/[^a]%09 | +!a/ab/[ +[a\/aab/%C3%A9 -c -a] --a%20b/a%C3%A9-/%E2%98%BAab
  /%20 xcba b/? a**/?%20ba/ba | +b/%C3%A9 -a\/]a.b -]/a/a^ -]
  /b ][^a]/*.b/*.b | +b -a\/A1/[ -[/a] -1
  [^a]%20a/[ab] ? | +a/c/c +%FF +^/ba/-aab -ab]/aab -aA/!a/.b -a]/a\a^
  ?/** | +%FF/ab/ab +%C3%A9/a%C3%A9A/$ +]/]/%20 -ba/aaba%C3%A9/a] -a.b/!a/a\ -a%20b
  A/[^a]ab[^a] %20-%09 x/../b- | +- -a^ -aab/ba -b/ab/aa
  %20*.b[^a]/[^a]?%09 !ba [^a] | +-/aaba^ +A/]] +%FF -a*a%20b -a\/x -a.b
  **a x/../[%C3%A9-%E2%98%BA]%C3%A9?/** %C3%A9**a | +a/A +[/a/aab -]a\/b/a.b -.b -^a%20b/A%FF
  %20%C3%A9c%E2%98%BA/-%09 [^a]/%20 xb/A/ **a*/*.b/[ab] | +x/a^/a%20b +$ +x/Aa -ab/a]/b -^a*/^ -.b/^/xa*
  a** a.b/**a a.bb | +a%C3%A9 +aab/a +a%20b/a\/a\ -[ -.b$/x-/ab -.b/a]/c
  x/../%20/%C3%A9 %E2%98%BA/ !%20%C3%A9/** | +%E2%98%BA/c -aab- -a* -a\/%E2%98%BA%FF
  c !x/../**/*.b ab | +ab +ab/[%FF/%FFA -^/a%20b -^$/b1/%E2%98%BA -1a/$
  ab !c/**a*.b/ !%20a.b | +ab/1 -a^a%20b/a -A/%C3%A9/[ -^/!aab
  %C3%A9/a** ba/ba !x/../b/? b | +b/ab -x/[aab/$ -a.b/a%C3%A9 -a
  **/xc c/*.b/ ba | +ba +ba -a/%20a\ -a%20b/A%20 -c/a
  !%20a**ac b/]?/-] ******a/**a *.b/ | +b.b/.b/x -a\ -A/a^/a^a%C3%A9 --/a*x/aab
  **a/ | +x/!a +ba/x -.b -- -a.b/x/.bc
  !%20]/%20%09 ./a** !ab | +abc/baab +a%20bab/a]/] +a*/!a -]aab/%E2%98%BA/a%C3%A9ba -- -%E2%98%BA/baab/x
  **a/ | +1/!a/%FFa%20b +!a/a^ -a^ -a*/-/!aab -%C3%A9]
  !ab%C3%A9a.b/?/?%E2%98%BA/ a**/-/ x !%20a[^a]/a/c | +x/a] -[/b[/ba -b/!aab -a%20/ba
  [ab] !-/a***.b%E2%98%BA a** | +a^/baa%20b/ab +ab/a] +a%C3%A9 -%C3%A9/^a%C3%A9 -!a/ba/bx -c$/c
  /**a | +ba/$/ab +ba +$a.b/1]/ba -%E2%98%BA/%FF -aab%E2%98%BA/%20a%C3%A9/a.b -A/c
  [^a]ab/ a**/bb%C3%A9 ./a** !**a | +a^/x +a\/.b +aabb -c/b -%C3%A9/c%C3%A9/a^ -b%C3%A9/a^/cb
  ![ab]/%C3%A9 a.b/[^a] c/x **/bab/ | +a.b/x -a%C3%A9/a* -a%C3%A9 -x/%C3%A9a*
  [^a] | +%FF +1 +$ -%20%FF -]a.b/.b%E2%98%BA -a/[-/1
  **a | +%C3%A9/a/a\ -a]/a] -a^^ --
  c**/** | +c --a.b/x- -A/a/a^ -A.b/aab
  ./[ab]/] %C3%A9 | +%C3%A9/%20/[a] -%E2%98%BA/%C3%A9 -%FF --/a\!a/%FF
  %20A/%C3%A9[ab]-/-a**a.b%09 ./*.b | +a.b/$/%FF -]/^ab/1 -ac/A-/^ -a%C3%A9/a.b
  a** | +a\ +aab/1 +a^/$] -c/a* -^/^/]a\ -bA
  - %C3%A9 x/../a** ca**[%C3%A9-%E2%98%BA]/a**ba | +a]/-[/!a +a^[/A +a\ -A -.b/x -!aba/c/b
  ?/? | +%E2%98%BA/%FF/ab1 -a*/aa/ab -a*/%20/a\aab -a.ba%C3%A9/a^
  x/../[ab] | +a -%20b/a -^/%FF%FF/%E2%98%BA -^
  [ab] ./ab**- !%20x/../A/a.b ./ba | +ba -aA -%20/a\ -a%20ba*
  [ab]/ !%20x/a** | +b/%E2%98%BA- -ba!a/a%C3%A9a.b -a\ -a%C3%A9/^ab
  [^a] /x [%C3%A9-%E2%98%BA]/] | +%FF/a%C3%A9/b +] +[/b%E2%98%BA -a%C3%A9$ -ba/%C3%A9x -a%C3%A9$/bax/1
  */a****[ab] c[^a]%20/%20/ **/[ab] | +a^!a/a%20bba/b -$a%20b -aab/A^/%E2%98%BA -^
  ? /ba/%E2%98%BA !%20?/A | +^ +]/[ +%C3%A9/b -a] -a%20b-/^/%FF -a%20b
  !*%20/[ab]c/%C3%A9*.b**a !%20%20/x** ba | +ba/^ +ba -%C3%A9/bb/%20a -]/] -a^
  ./]/[%C3%A9-%E2%98%BA] %20a%09 | +a/a%20/- -%FF -%C3%A9/a*/.b$ -aA/!ax/a*-
  a.b/x !%20x%C3%A9a/-**a-/ **a/%20 ba/ | +a.b!a/[ +ba/a -ab -b%E2%98%BA/.b -a%C3%A9/ba%FF
  [ab]/** /c/*? | +c/aab --[ -1/A!a -1%20/!ax/Ab
  [^a]/** | +%FF/.baab/.ba +$/aa\ +]/ab$/- -.b/[ab -bba/!ab/%FF -ca*
  !**a/*.b[%C3%A9-%E2%98%BA]] /A | +A/baa +A/.b/a.b -x/%20 -a%20b/b -.b/c/a.b
  ]/c | +]/c -c^/ba -a%C3%A9%20/a^ -x%20/%20/.b
  %20**a** !***.bab ba/*.b | +a] +-/[/a%20b +a\/%FFa%C3%A9/%E2%98%BA -%C3%A9/-/b]
  %20a a.b/**a/ab ./c | +a/%E2%98%BA.b +a/a%20b -a]ab/!a%C3%A9/xa.b -ab -%C3%A9-/%20/%20
  **/[%C3%A9-%E2%98%BA] **a/%C3%A9 a/[^a] | +a\/%C3%A9 +%E2%98%BA +%E2%98%BA/c -ab -a.b/A -A/a%20b[/^[
  %E2%98%BA ba/[ab]/ab/ | +%E2%98%BA/ba/%C3%A9 -a%20b -ab/-/1 -a%20b/a.b]/a.b
  [^a]/a %20[ab]%09 | +1/a +b -%20%20/[ -a%C3%A9/.b -a\
  [^a]/%20 -/**-[^a] | +%E2%98%BA/b +x +%E2%98%BA/1 -a%20bab/a%C3%A9/a%20b -aab -a/^a\
  %20*/[^a]* | +^a\/.b +a]/1 +A/%E2%98%BAaab/$ -x%E2%98%BA/a%20b/a* -a%C3%A9/a*a\/%C3%A9 -a*%FF
  xc*.b/a a** !%20%20]?/??%09 | +a*a%20b/%C3%A9/ba +a%C3%A9a^ +a]a^/a -!a/.ba* -%E2%98%BA -A/.b/x
  x/../[a-c] | +b +c/b/%FF -caab/.b -Aa\ -c%C3%A9
  **a/**aa **/a.b | +a.b/a%C3%A9/aab -%FF/ba/!a%FF -a]/x -A/1/-
  %20a | +a/a\/%C3%A9 -%C3%A9/%FF[ -%20/.b/a^ -]/%E2%98%BAa
  ba/]]c x/../[ab]* **/[^a]x[^a] !?]b/A | +ab/a +a\/$%FF +a%C3%A9 -$/a][/a]%FF -%20/a] -%FF/%C3%A9%C3%A9/1
  ./b/b %C3%A9ab-/[ab][ab][%C3%A9-%E2%98%BA] x/../***/b | +b%20/b -]/a -a%20bx -^-
  /**a | +!a/%C3%A9a/b +ba/$a%20b +c/a -%C3%A9 -1 -xa.b/a^
  x/c* %20x/%20%09 !%E2%98%BA/- !**a/%C3%A9 | +x -c/a.bb -!a -aab/b/%20
  x | +x/%E2%98%BA -a%C3%A9/]ab -ab -a.b/a*%FF/-[
  a** !b/*.b/*****a | +a.b/%E2%98%BA/%FF +a*$/^ +a.ba.b -!a%E2%98%BA/]ba/- -^ -b
  -a.b/%C3%A9a.b %20-%09 !%20%20c/-a.b | +-/ab -[/a*a%C3%A9 -$/a%C3%A9%C3%A9 -a\
  **a %C3%A9ab | +a.b/a/x -A -a%20b/a\x -$
  !%20**/ba a.b %E2%98%BA/a** %C3%A9/*.ba.b* | +a.b/a.b --a.b/x -a^/ab/abab -a]
  !x/a** ./[^a]/[%C3%A9-%E2%98%BA] [^a] | +[ +[ +%E2%98%BA/aab/!a -$x/$ -a^$/c/^ -a%E2%98%BA/]/a.bA
  *.b/a.b/b a* | +aaba* +a^ -%C3%A9/a*/a\a%20b -A/aab!a -[c
  x/../ba | +ba/.b/aab -aab/a%20b -%FF/1ab -a]/-
  **a !%C3%A9-b | +aaba/^ -^/.b -a%20b^ -.ba.b/a%C3%A9
  !%20*.b/**a%09 /%20/**a ab | +ab/baa%C3%A9 -a^b -A/-$ -ba/1/.b
  a[^a]** A/c/ ba | +a\%20 +ba +ab/ba -^ --ba/a%C3%A9 -1/A
  ba !/[^a]a**[ab]/A/ab x/../*.b/a.b %20a%C3%A9c%09 | +ba -A/%FF/a]a -]/%E2%98%BA/%C3%A9 -aab/%20
  xc/ ./%20/- /%C3%A9/[^a] ?ab | +aab -a* -%20/A -x%E2%98%BA/%20^
  ba/[ab]a** !b%E2%98%BA | +ba/aa]/ab- -!a/a%C3%A9$/a --a/[/a*%C3%A9 -a.b^/^/]
  x/../[%C3%A9-%E2%98%BA] x/../%C3%A9 A/**a | +%E2%98%BA -!a -[a%C3%A9/a^/c -][
  !%20%20%C3%A9x%09 [%C3%A9-%E2%98%BA] !x/../c/**a | +%C3%A9/aab1/$ --/1/^ -ba -aaba.b
  !%20a** %E2%98%BA/ | +%E2%98%BA/a^a.b/aab -a^ -x$/%E2%98%BA -a/[/%E2%98%BA
  [ab] | +b/[$ -ba%C3%A9/a%C3%A9 -a^/%20 -a.b/a]a^
  [ab]/b !%C3%A9%E2%98%BA**a/[ab]/*.b**a[^a] *.b | +a].b/^ -a/c -b/]!a -^/ab^/%E2%98%BA[
  %20a%09 !%20*.babab/%20 ab/A | +a/- -[/x -[- -a%C3%A9/a^b/c
  a** | +a%20b +a^1/^%E2%98%BA +aab -.b/!a/ba -^/-a]/c -!a/c%C3%A9
  ![%C3%A9-%E2%98%BA]/ab/ x/../[%C3%A9-%E2%98%BA] !ba/] ![^a]*.b/a.b | +%E2%98%BA/x -1 -a]/aab/ab -ab/a*/.b
  x/ab/ a**/[^a] [^a]/[^a] | +a]a]/a*1/b +a^/[aab/[] +a* --ab -a]]/!aba -[ba/]/a*
  %20[%C3%A9-%E2%98%BA] **/ba/ !a.b/[^a]*.b | +ba/ab.b/$ -a.b/$/aba -b --/-/a%20bab
  a -/a**%C3%A9 %E2%98%BA cb%20/[^a] | +a -.ba] -a%20b]/aab/ba -a\1/xa%C3%A9
  [ab]a.b*.b/[ab] ab/%E2%98%BA/ ab/ %20a.b%09 | +a.b/!a -]/aa* -a%20b -x%FF/]/a.b
  !?x[%C3%A9-%E2%98%BA]/ba/-/ !%20a**/%E2%98%BA a [ab] | +a -a%C3%A9/a%C3%A9.b -[ -.ba%20b
  *a.b/**.b/ -a.b */* | +a]/^/.b%20 +1/!a/aaba%C3%A9 +]/a^b/a%20b -a^ -1] -b
  -*[%C3%A9-%E2%98%BA] /[%C3%A9-%E2%98%BA]* | +%C3%A9/-/a] -%FF/ba -[ -%FF/%FF%E2%98%BA/.ba.b
  %20a.b/[^a]/ [ab] [%C3%A9-%E2%98%BA]/ !/a.b/a.b | +b -x/$/1 -a^/-b -[/%E2%98%BA[
  ?*.b* b b?/ | +ba/%20/a]a* +a.bba +b/a%20b/a\ -aabx/A/- -%FFab -%FF
  */a**/a.bba !%20/ba**/- [%C3%A9-%E2%98%BA] | +%E2%98%BA +%E2%98%BA +%E2%98%BA -!a.b/ba --$/aaab/$$ -^a^/a^/%20
  !%20**a?%20 ./[^a] ![%C3%A9-%E2%98%BA]/x/ | +^ +1/a*/a* +^/1 -.b -11/a]/ab -a%C3%A9/!a/%C3%A9$
  !x/../a**/%20a.bc [%C3%A9-%E2%98%BA]/ | +%E2%98%BA/[/%C3%A9 -aab/!a/aab -a^a%C3%A9/%C3%A9b/aaab -a%20b/!a/%FF
  ![^a]/ /**a/**a !ba/-/ /**/*.b | +a.b/b +a^a.b -a -A -b/c/%20
  **/] | +[/.b/] -aab/a%20b^ -c -a%C3%A9/a%20b
  x Aa**ba A | +A -%E2%98%BA -%C3%A9/ab] -^
  a** | +a*/ca%C3%A9/%20 +a%C3%A9 +a^!a/%C3%A9 -%C3%A9/ba --c/%C3%A9/%C3%A9 -c/a\%E2%98%BA
  !x !%20/-%C3%A9A %20/? | +x +%C3%A9 +1 -aab/a%C3%A9[ -a\.b -[b/A/.b
  !%20**a/x%09 [^a] %E2%98%BA/**/?**aa** | +%FF/aab/a%20b +c -.b/A -a^1/a.ba/!a -%E2%98%BAb/A/$
  /A**/a.b/bax[ab] a** b !./%E2%98%BA | +a%20b/a%20b +a] +a%C3%A9 -!a/a%C3%A9a/Ac -%FFa^ -%E2%98%BA/%E2%98%BA
  !a/] !*.b/[^a] ba | +ba -ab/[%20 -aA -a
  !A**a/**a ./a** !%E2%98%BA/**a** | +a%20b/$/1 +ab!a/a%20b%E2%98%BA/a%20b +a\/a%20b -A/^/a] -^%C3%A9/ba/aab -.b
  **a !%20]abba/ x/../ba**/] !%20*.b/b | +a --aab -c/%20 -xaab/A/c
  ?[^a] | +a^/$ +^%20/a%C3%A9A/%20 +a%C3%A9/a^/ab -a*ab/.b%FF -A/a%C3%A9^/%20 -abc/baba
  !ab/ [^a]/ ./*.b/] | +b/baab/%20 +A/a%C3%A9^ +]/[a%20b -a -Aa*/A -aab/a.ba%20b/a%C3%A9
  !./*.b ./c %20 - | +- -%FF -aab/-/a] -%FF/-
  ba/]/a.b x/../][^a] /[^a] -/%E2%98%BA**a.b | +%20/Aab +x +b -ba/a%20b/%FF -aab/[a*/- -a^/a\x
  b a.ba**[^a]/a.b | +b/a\ -a\/aab/%E2%98%BA -aab%C3%A9/%20 -[/]/a%C3%A9
  %20a**%09 ]/-/] aa**%E2%98%BA/] *%20a.b/ba | +a%20b/[ -%20ab/^/baa^ -]/a\/1 -[/%C3%A9a.b/aab
  /[^a] !%20***a/a | +[ +b/[ +^/a%C3%A9/b%C3%A9 -a%20b -ba -aab%C3%A9
  %20b[ab]/c | +ba/c -%20/caab -ab/%20]/$ -.bab/xc/[a*
  !./ba][^a]/%E2%98%BAA/*.b [ab] %C3%A9/%C3%A9/ | +a/a%C3%A9A -%E2%98%BA/%C3%A9 -%C3%A91/%E2%98%BA -ab/[/-
  **a/**/b/ [ab]%20[%C3%A9-%E2%98%BA]/] **/ab | +ab +.b/ab/^ -a^ -a*/A -b/^ba/a]a.b
  !/*%E2%98%BA*.b/a**/x !%20[ab]a** !?/a x/../%E2%98%BA/%20 | +%E2%98%BA/1/a\ -%C3%A9/aab -c -c/a%20b1/%20
  ****ab ba**.b/a** !%20/ab /-ba**/?/[ab]baa** | +a/ab/$c -%FF/%201 -a.b/a%20b.b/xaab -ab
  x/../- ![%C3%A9-%E2%98%BA]/A [ab]/**a /b/ab | +b/c/a -aab/Aa%C3%A9/%20 -a%20b[/c -b/%20/%E2%98%BA
  %20/?[%C3%A9-%E2%98%BA] | +[%C3%A9/x/b!a -a\ -aa] -^/]a%C3%A9
  ./ba ./[ab] x/../ba**%E2%98%BA/%E2%98%BA/%E2%98%BA%20 !%20%20A%20/A?%09 | +ba/a]ba -[ -%20a%C3%A9 -ab$
  ba ./[%C3%A9-%E2%98%BA]/%20 %20-/b%09 | +%E2%98%BA/a.b-/^ -$ -a%20b%FF/%C3%A9/a -aab/ba/x
  x/../*.b | +.b/- --/%FFa\/]ba -%FFA/ab/ba -aab/x$/b.b
  [ab]/[%C3%A9-%E2%98%BA][ab]**a ?**aa**/ ./[ab]ab | +baa]/aab/a\%FF -a^/ab -%E2%98%BA -1/a\/[]
  a.b/] %C3%A9 | +%C3%A9/[c/%C3%A9 +a.b/]/a* -1aab -$/%20 -b
  ./c !?/[ab]%20c | +c/A%20/x -aa*/ba/a^ -a]/ab/%20 -ba^/a^b/[a*
  !**/x/%E2%98%BA/ !cb !%E2%98%BAx]/b ab/[^a] | +ab/%E2%98%BA/x[ -%C3%A9/ca%20b/x -$/!a/a\ -.ba%20b/%20/a*
  ba | +ba/] -aab/a.b -x-/a\ba -$/%C3%A9
  [^a] | +A +%FF/ba/a.b +- -a%C3%A9c/%C3%A9 -a\/%E2%98%BA/ba -ab/%E2%98%BA
  ab/%20 !b]a/ | +ab +ab/- -ca%C3%A9 -%20/c -a*
  !-/ ?a ba/a.ba.b | +ba/!a/ab -x/c/a.b.b -a\ -%C3%A9.b
  ./a[^a]] | +a\] -%FF -%20/!a/a^ -aab/A/$$
  *.b** | +%C3%A9a.b/abx -ab!a -1 -ba1
  [^a] !%20]/%E2%98%BA | +^/ab/.b +c/a%20b +%FF/a.b!a/a.bab -!ax -a.b/a -a\/!aA/.ba*
  c !A/?/[ab] | +c -1aab/a%20b/aab -aab/b/a* -%E2%98%BA
  ? /[^a]/*.b-%C3%A9 | +$ -aab/ba -a\ -ab/a*%20
  ./a.b*[%C3%A9-%E2%98%BA]/a**/**a [^a] !%E2%98%BA/ab/%20 | +A +[/%E2%98%BA -a%20b/a]b/x^ -ba/$/.b -ab/a^
  **a | +ba +a +]a%C3%A9/[/!a -c- -1/a\/aabA -aab/x/1
  /a** *a.bx/c | +a.b/$/%E2%98%BAab +a%C3%A9 +a] -[ -xaab/]/%E2%98%BA- -%C3%A9
  ]%20/a.bbA ./**a A ]/%C3%A9[ab] | +A/1 +Aa/%C3%A9 +ba -b%20/%E2%98%BA/c -aba%20b/^/a.b -a%20b/a*
  *a%E2%98%BA !%20x/../* !%20-[ab]-/** a** | +a] +a]ab/-/%20 +a]/a/%20 --/$ -]%E2%98%BA -b/x
  x/../- A/-?b baA/ab %E2%98%BA[ab]/xx]/ | +-/1a.b -$/%E2%98%BA/[ -aab/b -x/-ab/[
  ./a/] ./[ab] **/?a.b/ | +a/.b -!a/a%20b -a.b/a.b -a\/1]/a%C3%A9a]
  /a**- a** | +ab +a\ +a*%FF/]/A --a] -b[/a%20b -.b/%FF
  *.b/** !/cb ./a.b | +%E2%98%BA.b/a%20b] +.b/]/a%20b%E2%98%BA -a]/a.b/A -c/a%C3%A9/a%20b%E2%98%BA -^a/]
  ./[^a] | +]/%E2%98%BA +A/%E2%98%BA +]/aa] -a%20bA -a.b -1a\
  %20a**/%20%09 %20 | +a%C3%A9/!a +a.b +a^/.b/a] -%FF -%FF -%E2%98%BA/a^/c
  %20/a** !%20./ba | +a%C3%A9 +a%C3%A9aab/a]^/a\- +ab -$/aab/a%C3%A9 -^/ab%20/a\ -%C3%A9/]
  !*/ba/a a** %E2%98%BA | +a]/b +a\/a^/.b%FF +a.b/%C3%A9 -.ba] -x/a^ -%20/.b/a%C3%A9
  a[%C3%A9-%E2%98%BA] !./a/*.b*[ab] !a/c | +a%C3%A9/$a%C3%A9 -a]/%E2%98%BA -ab/!ab -a\/A/1
  b/**/x ./*.b/aA x/../x /[%C3%A9-%E2%98%BA]/aba** | +x/a^/$ -a*/a^]/x -a%20b$ -aa%C3%A9/^/a*
  /?/? ax/**ba%C3%A9 | +-/$ +a/$ -A%20/a%20b -b -a^/%C3%A9/-^
  ] %E2%98%BA/a.b[^a] | +]/%FF -$aab/a.b -%E2%98%BA$/a\/a -ab
  !a.b/a ]a?/**/bax !**/abA/ **a | +ba/a*[ +a%C3%A9ab/ba +%E2%98%BA/a -a^%E2%98%BA/a] -A/%FF/A -1/a^a^
  !*[^a]/ab /[%C3%A9-%E2%98%BA]/- !%20./c */[%C3%A9-%E2%98%BA] | +a\x/%E2%98%BA/a.b] -a\ -aab -A/-]/a%20b
  **a x/../c/c/x %C3%A9 | +a\ab/1/ba -^a^ -a%20b/a\/a] -a%20b/x
  ./? ![ab]/a**] | +x/ab +c +A/a*a/ba -$c/%FF/%C3%A9 -!a^ -a*
  %20a.bb/-%09 %C3%A9 /[^a]/a.b | +%C3%A9 -a%C3%A9/Aa.b -ba/-A -b/a%20b
  ba | +ba/A/a +ba/]aab -$/] -a/a]-/][ -a%20b/]/%E2%98%BA
  x/../**a/** A a/ | +A^/a/a^ +a/^a%20b/aab -%C3%A9 -a%20b/a^a -%E2%98%BA
  a**/%C3%A9 a.b* ./c ./A | +a\/%C3%A9 +a.b +a.b/- -a*/a%20ba%20b/a%C3%A9 -%C3%A9/] -.b
  ./*/x* [^a]bba ba | +ba/%20/x -a\/ba/a] -a%20b/a] -%C3%A9-/a^%E2%98%BA
  */x | +ba/x/ab -a.b -b -x
  ./[%C3%A9-%E2%98%BA] | +%C3%A9 -ba1/1/a%20b --1 -aab/a^
  b/A/A ab | +ab/x/aa%C3%A9 -a -a%C3%A9/ab$ -%E2%98%BAa*
  [%C3%A9-%E2%98%BA] %20%20/[ab]ab%C3%A9%09 | +%C3%A9/a* -[ -c/]/a\ -!aaab/!a
  a/**[ab]?/ !x/../%C3%A9 a.b | +a.b/a^ +a.b -^ -^/ba/aabba -^b/ba!a
  [^a] x/../**a ]**a]/ba !- | +]/]$/^A +A/%E2%98%BA +.ba*/ba/!a] -a^/aab/b -cb -a.b/.b
  ?/ !%20x[^a]/ | +$/$/aba%20b +c/c +b -ba/[a^/$ -a- -!aa^
  a.b/a.ba**b/- *.b/xA-/ ba | +ba/a* -%FF/%C3%A9 -%FF -c[/a%20b/a%20b
  ***.b%C3%A9/%C3%A9 %20]/[ab]%09 [^a]/[^a] | +%20/A/^ -a]/%E2%98%BA/%20b -^!a/[-/- -aab/]
  b%E2%98%BA[%C3%A9-%E2%98%BA] [^a]/**a /?/? | +%20/%FF -aaba^ -aab -x/a\-/-
  ab/[a-c] !b/ab/?/ %20*.b/**%09 | +a.b/%FF.b/ba -]/a.b -] -b/cba/x
  */[^a] !%20[ab]/?- | +a.b%20/A +%C3%A9/%E2%98%BA/%C3%A9ba +aab/%20 --$ -AA/a.b/%FF -a^
  !x/../c*/** !%20a.b/%E2%98%BA x/../**/[^a] | +aba.b/1/b +%E2%98%BA/ab/!aa%C3%A9 +A -ba -.ba]
  - %C3%A9 %E2%98%BA/ | +-/^A -%20 -%FF/-/b -x
  %20%20c%09 a !*/%E2%98%BA x/../**/ba | +c +a +%C3%A9/ba -$ba/a -^ -a\
  %C3%A9 !**a.bb | +%C3%A9/%C3%A9a.b +%C3%A9 -a%C3%A9 -a.ba%20b/%C3%A9/%E2%98%BA -b
  !a**-[^a]/[ab]/ba /[^a]/*.b !A/[ab]Aab ./*/** | +a%20bba/Aa%C3%A9 +-/c +%FF-/[ -^^ --$ -a
  [^a] | +[/a^] +c +1 -a%20b -a\/%20 -]a]/a.b/a\
  """#
